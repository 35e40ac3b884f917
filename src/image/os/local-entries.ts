import nodePath from "node:path";
import { ComposerError, type Json } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** A file, directory or link that a template takes from the host; `path` is relative, empty for the named one itself. */
export type LocalEntry =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly file: string; readonly isProgram: boolean };

/** Enough for a source tree; more is a directory that nobody meant. */
const MAX_ENTRIES = 100_000;

/**
 * The entries of a local file or directory, parents first, in code unit order.
 *
 * The named entry itself may be a link; links in a directory are entries of their own and never followed.
 *
 * @throws {TEMPLATE_INVALID} something is missing, neither file, directory nor link, or there is too much
 */
export async function listLocalEntries(
  host: Pick<Host, "files">,
  named: string,
  templatePath: string,
): Promise<LocalEntry[]> {
  const entries: LocalEntry[] = [];
  const refuse = (file: string, state: string): ComposerError =>
    new ComposerError("TEMPLATE_INVALID", `Cannot copy "${file}" into the image: ${state}`, {
      hint: "Name a file or directory relative to the directory of the template",
      details: [`named at ${templatePath}`],
    });

  const visit = async (file: string, path: string): Promise<void> => {
    const stat = await host.files.stat(file);
    if (entries.length >= MAX_ENTRIES) throw refuse(named, `it has more than ${MAX_ENTRIES} entries`);
    if (stat === undefined) throw refuse(file, "it does not exist");
    if (stat.kind === "other") throw refuse(file, "it is neither a file nor a directory nor a link");
    if (stat.kind === "symlink") {
      entries.push({ kind: "symlink", path, target: await host.files.readLink(file) });
    } else if (stat.kind === "file") {
      entries.push({ kind: "file", path, file, isProgram: (stat.mode & 0o100) !== 0 });
    } else {
      entries.push({ kind: "directory", path });
      for (const name of await host.files.list(file)) {
        await visit(nodePath.join(file, name), nodePath.posix.join(path, name));
      }
    }
  };

  if (!(await host.files.exists(named))) throw refuse(named, "it does not exist");
  await visit(await host.files.realPath(named), "");
  return entries;
}

/** What makes two local files or directories different in an image: names, kinds, content, and who may run what. */
export async function localDigest(host: Pick<Host, "files">, named: string, templatePath: string): Promise<Json> {
  const entries = await listLocalEntries(host, named, templatePath);
  const described: Json[] = [];
  for (const entry of entries) {
    if (entry.kind === "directory") described.push([entry.path]);
    else if (entry.kind === "symlink") described.push([entry.path, { target: entry.target }]);
    else described.push([entry.path, await host.files.sha256(entry.file), entry.isProgram]);
  }
  return described;
}
