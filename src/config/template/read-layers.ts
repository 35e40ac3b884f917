import path from "node:path";
import { isComposerError } from "../../core/index.ts";
import type { Issue } from "../document/index.ts";
import { type Layer, type LayerContext, nearFile, readLayer, shownPath } from "./read-layer.ts";

/** More than a reader can keep in mind. */
const ADVISED_LEVELS = 4;
const MAX_LEVELS = 10;
const TARGET_KEYS = ["os", "dist", "arch", "imageType"] as const;

/**
 * Reads a template and all that it `extends`, the lowest first.
 *
 * A parent lies in the directory of its child or below it, links resolved, and is made for the same target. What is wrong
 * with the chain is an issue of the child, at its `extends`; the chain ends there.
 * @param file as the user wrote it
 * @throws {TEMPLATE_NOT_FOUND} the file itself is not there
 * @throws {TEMPLATE_SYNTAX} a file is no text, or too large for a template
 */
export async function readLayers(
  context: LayerContext,
  file: string,
): Promise<{ readonly layers: readonly Layer[]; readonly issues: readonly Issue[] }> {
  const issues: Issue[] = [];
  const user = await readLayer(context, file);
  const chain = [user];
  const seen = [await realPath(context, file)];
  for (let child = user; typeof child.value["extends"] === "string";) {
    const found = await findParent(context, child, child.value["extends"], chain, seen);
    if ("issue" in found) {
      issues.push(found.issue);
      break;
    }
    const parent = await readLayer(context, found.file);
    seen.push(found.realPath);
    chain.push(parent);
    issues.push(...targetIssues(context, child, parent, chain));
    child = parent;
  }
  if (chain.length > ADVISED_LEVELS) {
    const message = `${chain.length} templates over each other; ${ADVISED_LEVELS} are the most that people can follow`;
    issues.push({ ...extendsIssue(context, user, message), hint: chainOf(chain), severity: "warning" });
  }
  return { layers: chain.toReversed(), issues: [...chain.flatMap((layer) => layer.issues), ...issues] };
}

type Parent = { readonly file: string; readonly realPath: string } | { readonly issue: Issue };

async function findParent(
  context: LayerContext,
  child: Layer,
  named: string,
  chain: readonly Layer[],
  seen: readonly string[],
): Promise<Parent> {
  const { host } = context;
  const refuse = (message: string, hint?: string): Parent => ({
    issue: { ...extendsIssue(context, child, message), ...(hint === undefined ? {} : { hint }) },
  });
  const directory = path.dirname(path.resolve(host.environment.workingDirectory, child.file));
  const absolute = path.resolve(directory, named);
  const file = path.isAbsolute(child.file) ? absolute : shownPath(host, absolute);
  if (!isInside(directory, absolute)) {
    return refuse(`"${named}" is outside of the template's directory`, "Move it into that directory, or below it");
  }
  if (!(await host.files.exists(absolute))) {
    const near = await nearFile(host, absolute);
    const meant = near === undefined ? undefined : `Did you mean "${path.join(path.dirname(named), near)}"?`;
    return refuse(`template "${named}" does not exist`, meant);
  }
  const real = await realPath(context, absolute);
  if (seen.includes(real)) return refuse(`a template extends itself: ${chainOf(chain)} -> ${file}`);
  if (!isInside(await realPath(context, directory), real)) {
    return refuse(`"${named}" is a link that leads out of the template's directory`, `It leads to "${real}"`);
  }
  if ((await host.files.stat(real))?.kind !== "file") return refuse(`"${named}" is no file`);
  if (!(await host.files.isReadable(real))) return refuse(`"${named}" cannot be read: permission is denied`);
  if (chain.length >= MAX_LEVELS) return refuse(`more than ${MAX_LEVELS} templates over each other`, chainOf(chain));
  return { file, realPath: real };
}

/** Both targets are whole, or their own issues say what they lack. */
function targetIssues({ positions }: LayerContext, child: Layer, parent: Layer, chain: readonly Layer[]): Issue[] {
  const [own, other] = [child.value["target"], parent.value["target"]].map((target) =>
    typeof target === "object" && target !== null ? new Map(Object.entries(target)) : undefined,
  );
  if (own === undefined || other === undefined) return [];
  const differing = TARGET_KEYS.filter((key) => own.get(key) !== other.get(key));
  if (differing.length === 0) return [];
  const words = differing.map((key) => `${key} "${String(other.get(key))}" instead of "${String(own.get(key))}"`);
  const position = positions.find(child.value, ["extends"]);
  return [
    {
      code: "TEMPLATE_INVALID",
      path: "extends",
      message: `"${parent.file}" is for another target: ${words.join(", ")}`,
      hint: `${chainOf(chain)}: every template of a chain names the same target`,
      ...(position === undefined ? {} : { position }),
    },
  ];
}

function extendsIssue({ positions }: LayerContext, child: Layer, message: string): Issue {
  const position = positions.find(child.value, ["extends"]);
  return { code: "TEMPLATE_INVALID", path: "extends", message, ...(position === undefined ? {} : { position }) };
}

function chainOf(chain: readonly Layer[]): string {
  return chain.map(({ file }) => file).join(" -> ");
}

function isInside(directory: string, file: string): boolean {
  const relative = path.relative(directory, file);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}

async function realPath({ host }: LayerContext, file: string): Promise<string> {
  const absolute = path.resolve(host.environment.workingDirectory, file);
  try {
    return await host.files.realPath(absolute);
  } catch (error) {
    if (isComposerError(error)) return absolute;
    throw error;
  }
}
