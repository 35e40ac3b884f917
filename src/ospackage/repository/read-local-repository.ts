import path from "node:path";
import { ComposerError, compareCodeUnits, keyOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type LocalDeb, encodeLocalDebIndex, openDebIndex, readDebControl } from "../deb/index.ts";
import { inParallel } from "../store/in-parallel.ts";
import type { LocalRepositorySource, RepositoryIndex } from "./repository.ts";

const READERS = 8;

/**
 * Makes an index of .deb files on this machine by reading each one's control file.
 *
 * Packages in the directory that are for another architecture are left out; a single file for another one is an error.
 *
 * @throws {PACKAGE_FORMAT_INVALID} a file is no Debian package, or not for this architecture
 * @throws {HOST_FILE_UNREADABLE}
 */
export async function readLocalRepository(
  host: Pick<Host, "files" | "processes">,
  source: LocalRepositorySource,
  options: { readonly architecture: string; readonly signal?: AbortSignal },
): Promise<RepositoryIndex> {
  const { architecture, signal } = options;
  const single = [...new Set(source.files ?? [])];
  const listed = source.directory === undefined ? [] : await debsIn(host, source.directory);
  const files = [...single, ...listed.filter((file) => !single.includes(file))].sort(compareCodeUnits);
  const debs = await inParallel(files, READERS, (file) => readLocalDeb(host, file, signal));
  for (const deb of debs) {
    const found = deb.control.get("Architecture") ?? "";
    if (!single.includes(deb.path) || found === "all" || found === architecture) continue;
    throw invalid(deb.path, `it is for ${found}, not for ${architecture}`);
  }
  const origin = source.directory ?? source.id;
  return {
    source,
    index: openDebIndex(encodeLocalDebIndex(debs, { architecture, origin })),
    metadataSha256: keyOf(debs.map(({ sha256 }) => sha256).sort(compareCodeUnits)),
    verified: true,
  };
}

async function debsIn({ files }: Pick<Host, "files">, directory: string): Promise<string[]> {
  const stat = await files.stat(await files.realPath(directory));
  if (stat?.kind !== "directory") {
    throw new ComposerError("HOST_FILE_UNREADABLE", `Cannot read the packages in "${directory}": it is no directory`);
  }
  const names = await files.list(directory);
  return names.filter((name) => name.endsWith(".deb")).map((name) => path.join(directory, name));
}

async function readLocalDeb(
  host: Pick<Host, "files" | "processes">,
  file: string,
  signal: AbortSignal | undefined,
): Promise<LocalDeb> {
  const stat = await host.files.stat(await host.files.realPath(file));
  if (stat?.kind !== "file") throw invalid(file, "it is no file");
  const control = await readDebControl(host, file, signal === undefined ? {} : { signal });
  for (const field of ["Package", "Version", "Architecture"]) {
    if ((control.get(field) ?? "") === "") throw invalid(file, `its control file has no "${field}"`);
  }
  return { control, path: file, sizeBytes: stat.sizeBytes, sha256: await host.files.sha256(file) };
}

function invalid(file: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot use the package "${file}": ${state}`);
}
