import nodePath from "node:path";
import type { AdditionalFileSection } from "../../config/index.ts";
import type { Host } from "../../host/index.ts";
import { applyChanges } from "./apply-changes.ts";
import type { ImageTree } from "./image-tree.ts";
import { listLocalEntries } from "./local-entries.ts";
import type { TreeChange } from "./tree-change.ts";

/** What an entry of `additionalFiles` put into the image. */
export interface PlacedFile {
  readonly section: AdditionalFileSection;
  /** For example `systemConfig.additionalFiles[0]`. */
  readonly templatePath: string;
  /** What the entry made or replaced, parents first; directories that were there are not in it. */
  readonly paths: readonly string[];
}

/**
 * Puts the template's files into the image, in the template's order; they belong to root until {@link planFileOwners}.
 *
 * A directory is copied with all that is in it; directories that the image has already, and links to them, stay as they
 * are. Without a `mode` a file is 0755 or 0644, as its owner on the host may run it or not: the umask of a checkout
 * does not reach the image.
 *
 * @param templateDirectory where relative `local` paths start
 * @throws {TEMPLATE_INVALID} a file is missing or neither a regular file nor a directory
 */
export async function placeAdditionalFiles(
  host: Pick<Host, "files">,
  tree: ImageTree,
  files: readonly AdditionalFileSection[],
  templateDirectory: string,
): Promise<PlacedFile[]> {
  const placed: PlacedFile[] = [];
  for (const [index, section] of files.entries()) {
    const templatePath = `systemConfig.additionalFiles[${index}]`;
    // One after the other: a file may go into a directory that another one made.
    const changes = await planFile(host, tree, section, templateDirectory, templatePath);
    await applyChanges(host, tree.root, changes);
    placed.push({ section, templatePath, paths: changes.map(({ path }) => path) });
  }
  return placed;
}

/** The files that must be in place before the initrd is made. */
export function filesOfInitrd(files: readonly AdditionalFileSection[]): readonly AdditionalFileSection[] {
  return files.filter(({ stage }) => stage === "pre-initramfs");
}

const ROOT = { uid: 0, gid: 0 } as const;
const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;
const PROGRAM_MODE = 0o755;

async function planFile(
  host: Pick<Host, "files">,
  tree: ImageTree,
  section: AdditionalFileSection,
  templateDirectory: string,
  templatePath: string,
): Promise<TreeChange[]> {
  const { local, content, directory, final } = section;
  const mode = section.mode === undefined ? undefined : Number.parseInt(section.mode, 8);
  if (directory === true) return planDirectory(tree, final, mode);
  if (content !== undefined) {
    return [{ kind: "write", path: final, content, mode: mode ?? FILE_MODE, ...ROOT }];
  }
  const from = nodePath.resolve(templateDirectory, local ?? "");
  const entries = await listLocalEntries(host, from, `${templatePath}.local`);
  const changes: TreeChange[] = [];
  for (const entry of entries) {
    const path = nodePath.posix.join(final, entry.path);
    if (entry.kind === "directory") changes.push(...(await planDirectory(tree, path, undefined)));
    else if (entry.kind === "symlink") changes.push({ kind: "symlink", path, target: entry.target });
    else {
      const usual = entry.isProgram ? PROGRAM_MODE : FILE_MODE;
      changes.push({ kind: "copy", from: entry.file, path, mode: mode ?? usual, ...ROOT });
    }
  }
  return changes;
}

/** A directory of the image that is there, perhaps behind a link such as /lib, only changes when a mode is given. */
async function planDirectory(tree: ImageTree, path: string, mode: number | undefined): Promise<TreeChange[]> {
  const stat = await tree.target(path);
  if (stat?.kind === "directory" && (mode === undefined || (await tree.stat(path))?.kind === "symlink")) return [];
  const { uid, gid } = stat?.kind === "directory" ? stat : ROOT;
  return [{ kind: "directory", path, mode: mode ?? DIRECTORY_MODE, uid, gid }];
}
