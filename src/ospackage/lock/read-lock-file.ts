import {
  checkSchema,
  type DocumentPath,
  formatPath,
  type Issue,
  IssuesError,
  type JsonSchema,
  parseJson,
  Positions,
  type SourceNode,
} from "../../config/index.ts";
import { ComposerError, formatSize, isMirrorList, mirrorListUrl } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";
import lockSchema from "../../../schema/os-image-lock.schema.json" with { type: "json" };
import { installationOrder } from "../resolver/installation-order.ts";
import type { Lock, LockedPackage, LockedRepository } from "./lock.ts";
import type { LockFile } from "./lock-file.ts";
import { inputOf, inputsDigest, type LockInputs } from "./lock-inputs.ts";
import type { LockDocument } from "./lock-schema.ts";

const MAX_LOCK_BYTES = 64 * 1024 ** 2;
const HINT = 'Restore it from version control, or make it anew with "os-image-composer lock"';

/** What messages call a lock file, and the template that it belongs to. */
export interface LockNames {
  readonly file: string;
  readonly template: string;
}

/**
 * Reads a lock file; nothing in it is believed before it was checked.
 *
 * @throws {LOCK_NOT_FOUND} @throws {LOCK_INVALID} with every issue and its place
 */
export async function readLockFile(
  files: Pick<HostFiles, "exists" | "readStream">,
  file: string,
  { file: shownFile, template }: LockNames,
): Promise<LockFile> {
  if (!(await files.exists(file))) {
    throw new ComposerError("LOCK_NOT_FOUND", `Cannot read the lock "${shownFile}": it does not exist`, {
      hint: `Make it with "os-image-composer lock ${template}"`,
    });
  }
  return parseLockFile(await readLockText(files, file, shownFile), shownFile);
}

/** @throws {LOCK_INVALID} */
export function parseLockFile(text: string, shownFile: string): LockFile {
  const parsed = parseJson(text, shownFile);
  const sources = new Map([[shownFile, parsed.text]]);
  const refuseIfAny = (issues: readonly Issue[]): void => {
    const last = issues.at(-1);
    if (last === undefined) return;
    throw new IssuesError(`lock "${shownFile}"`, [...issues.slice(0, -1), { hint: HINT, ...last }], sources);
  };
  if (parsed.fault !== undefined || parsed.node === undefined) {
    const { message = "it is empty", hint, span } = parsed.fault ?? {};
    const more = { ...(hint === undefined ? {} : { hint }), ...(span === undefined ? {} : { position: span }) };
    throw new IssuesError(`lock "${shownFile}"`, [issueAt([], message, more)], sources);
  }
  const positions = new Positions();
  const issues: Issue[] = [];
  const value = documentOf(parsed.node, [], positions, issues);
  const found = checkSchema(value, lockSchema as JsonSchema, "LOCK_INVALID", positions);
  refuseIfAny([...issues, ...found.map(withoutHint)]);
  const document = value as LockDocument;
  const at = (path: DocumentPath, message: string): Issue => {
    const position = positions.find(document, path);
    return issueAt(path, message, position === undefined ? {} : { position });
  };
  refuseIfAny(contradictions(document, at));
  const lockFile = lockOf(document);
  const isOwn = inputsDigest(lockFile.inputs) === document.templateSha256;
  const message = "is not the digest of what the lock says about its template";
  refuseIfAny(isOwn ? [] : [at(["templateSha256"], message)]);
  return lockFile;
}

async function readLockText(files: Pick<HostFiles, "readStream">, file: string, shownFile: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const refuse = (state: string): never => {
    throw new ComposerError("LOCK_INVALID", `Cannot read the lock "${shownFile}": ${state}`, { hint: HINT });
  };
  for await (const chunk of files.readStream(file)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_LOCK_BYTES) refuse(`it is larger than ${formatSize(MAX_LOCK_BYTES)}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return refuse("it is not UTF-8 text");
  }
}

/** Plain values out of parsed JSON; a repeated key is an issue, since two readers would see two locks. */
function documentOf(node: SourceNode, path: DocumentPath, positions: Positions, issues: Issue[]): unknown {
  switch (node.kind) {
    case "mapping": {
      const entries = new Map<string, unknown>();
      for (const { key, keySpan, node: member } of node.entries) {
        const at = [...path, key];
        if (entries.has(key)) issues.push(issueAt(at, "key is given twice", { position: keySpan }));
        else entries.set(key, documentOf(member, at, positions, issues));
      }
      const mapping = Object.fromEntries(entries);
      positions.recordRoot(mapping, node.span);
      for (const { key, keySpan, node: member } of node.entries) {
        positions.record(mapping, key, { key: keySpan, value: member.span });
      }
      return mapping;
    }
    case "list": {
      const items = node.items.map((item, index) => documentOf(item, [...path, index], positions, issues));
      positions.recordRoot(items, node.span);
      for (const [index, item] of node.items.entries()) positions.record(items, index, { value: item.span });
      return items;
    }
    case "text":
      return node.text;
    case "number":
      return Number(node.written);
    case "truth":
      return node.isTrue;
    default:
      return null;
  }
}

/** What no schema can say: names that nobody has, names that two have, paths that climb. */
function contradictions(document: LockDocument, at: (path: DocumentPath, message: string) => Issue): Issue[] {
  const { repositories } = document;
  const issues: Issue[] = [];
  const ids = new Set<string>();
  for (const [index, { id, type, url }] of repositories.entries()) {
    if (ids.has(id)) issues.push(at(["repositories", index, "id"], `"${id}" is given twice`));
    ids.add(id);
    const address = type === "rpm" && isMirrorList(url) ? mirrorListUrl(url) : url;
    if (type !== "local" && !/^(?:https?|file):\/\//.test(address)) {
      issues.push(at(["repositories", index, "url"], "must begin with http://, https:// or file://"));
    }
  }
  for (const list of ["packages", "toolPackages"] as const) {
    const names = new Set<string>();
    for (const [index, { name }] of document[list].entries()) {
      if (names.has(name)) issues.push(at([list, index, "name"], `"${name}" is given twice`));
      names.add(name);
    }
    for (const [index, locked] of document[list].entries()) {
      const repository = repositories.find(({ id }) => id === locked.repository);
      if (repository === undefined) {
        issues.push(at([list, index, "repository"], `the lock has no repository "${locked.repository}"`));
      }
      if (repository?.type !== "local" && locked.path.split("/").some((part) => part === ".." || part === ".")) {
        issues.push(at([list, index, "path"], "must not leave the repository"));
      }
      for (const member of ["dependsOn", "preDependsOn"] as const) {
        for (const [position, need] of locked[member].entries()) {
          if (names.has(need)) continue;
          issues.push(at([list, index, member, position], `the lock has no package "${need}"`));
        }
      }
    }
  }
  return issues;
}

function lockOf(document: LockDocument): LockFile {
  const { schemaVersion, providerId, template, repositories } = document;
  const lock: Lock = {
    schemaVersion: schemaVersion as 1,
    providerId,
    repositories: repositories as unknown as readonly LockedRepository[],
    packages: inInstallationOrder(document.packages as unknown as readonly LockedPackage[]),
    toolPackages: inInstallationOrder(document.toolPackages as unknown as readonly LockedPackage[]),
  };
  const inputs: LockInputs = {
    providerId,
    packages: template.packages,
    excludePackages: template.excludePackages,
    toolPackages: template.toolPackages,
    repositories: lock.repositories.map(inputOf),
  };
  return { inputs, lock };
}

/** The order that resolving gives, which depends on nothing but what needs what. */
function inInstallationOrder(packages: readonly LockedPackage[]): readonly LockedPackage[] {
  const byName = new Map(packages.map((locked) => [locked.name, locked] as const));
  return installationOrder(packages).flatMap((name) => byName.get(name) ?? []);
}

/** Hints for people who write YAML are none for a file that a program wrote. */
function withoutHint({ path, message, expected, didYouMean, position }: Issue): Issue {
  return {
    code: "LOCK_INVALID",
    path,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(didYouMean === undefined ? {} : { didYouMean }),
    ...(position === undefined ? {} : { position }),
  };
}

function issueAt(path: DocumentPath, message: string, more: Partial<Issue> = {}): Issue {
  return { code: "LOCK_INVALID", path: formatPath(path), message, ...more };
}
