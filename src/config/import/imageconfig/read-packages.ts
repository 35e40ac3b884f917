import path from "node:path";
import { messageOf } from "../../../core/index.ts";
import type { HostFiles } from "../../../host/index.ts";
import { type DecodeContext, type Field, listOf, shape, text } from "../decode.ts";
import { parseJson } from "../parse-json.ts";
import { readText } from "../../document/index.ts";
import { type SystemConfigModel, itemsOf } from "./model.ts";
import type { Report } from "./rule-context.ts";

const PackageList = shape({ packages: listOf(text) });

/** The packages that a system configuration asks for. */
export interface RequestedPackages {
  /** Lists in their order, then `Packages`; each entry knows the file that it stands in. */
  readonly entries: readonly Field<string>[];
  /** False when a list could not be read: nothing can be said about what is missing. */
  readonly isComplete: boolean;
}

export interface PackageFiles {
  readonly files: HostFiles;
  readonly baseDir: string;
  /** How messages name a file below `baseDir`. */
  readonly shownFile: (file: string) => string;
  /** Receives the text of every list, for code frames. */
  readonly sources: Map<string, string>;
}

/** Reads the package lists of a system configuration. */
export async function readPackages(
  { PackageLists, Packages }: SystemConfigModel,
  source: PackageFiles,
  context: DecodeContext,
  report: Report,
): Promise<RequestedPackages> {
  const lists = await Promise.all(itemsOf(PackageLists).map((list) => readList(list, source, context, report)));
  return {
    entries: [...lists.flatMap((list) => list ?? []), ...itemsOf(Packages)],
    isComplete: !lists.includes(undefined),
  };
}

async function readList(
  { value, spot }: Field<string>,
  { files, baseDir, shownFile, sources }: PackageFiles,
  context: DecodeContext,
  report: Report,
): Promise<readonly Field<string>[] | undefined> {
  const file = path.resolve(baseDir, value);
  const shown = shownFile(file);
  let content: string;
  try {
    content = await readText(files, file, file, "TEMPLATE_SYNTAX");
  } catch (error) {
    const isThere = await files.exists(file).catch(() => false);
    const state = isThere ? `cannot be read: ${messageOf(error)}` : "does not exist";
    const hint = isThere ? {} : { hint: "Paths are relative to the file; --base-dir names another directory" };
    report(spot, `package list "${shown}" ${state}`, hint);
    return undefined;
  }
  const parsed = parseJson(content, shown);
  sources.set(shown, parsed.text);
  if (parsed.node === undefined) {
    const { message = "", hint, span } = parsed.fault ?? {};
    report(spot, `package list "${shown}" is no JSON: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      ...(span === undefined ? {} : { position: span }),
    });
    return undefined;
  }
  // The path of the list, the positions of its file.
  const listSpot = { path: spot.path, node: parsed.node };
  const before = context.issues.length;
  const list = PackageList(listSpot, context);
  if (list?.packages === undefined && context.issues.length === before) {
    report({ ...listSpot, path: [...spot.path, "packages"] }, 'missing key "packages"');
  }
  return context.issues.length > before ? undefined : itemsOf(list?.packages);
}
