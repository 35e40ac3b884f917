import path from "node:path";
import { ComposerError, compareCodeUnits, keyOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { checkRpm, type PackageWithFiles, type RpmIndex, rpmIndexOf, rpmPackageOf } from "../rpm/index.ts";
import { inParallel } from "../store/in-parallel.ts";
import type { LocalRepositorySource, RepositoryIndex } from "./repository.ts";

const READERS = 4;

/**
 * Makes an index of .rpm files on this machine by reading each one's header.
 *
 * Packages in the directory that are for another architecture are left out; a single file for another one is an error.
 * Signatures are not asked for: the user's own disk vouches for what is on it.
 *
 * @throws {PACKAGE_FORMAT_INVALID} a file is no package, or not for this architecture
 * @throws {PACKAGE_DIGEST_MISMATCH} it is damaged
 * @throws {HOST_FILE_UNREADABLE}
 */
export async function readLocalRpms(
  host: Pick<Host, "files" | "processes">,
  source: LocalRepositorySource,
  { architecture, signal }: { readonly architecture: string; readonly signal?: AbortSignal },
): Promise<RepositoryIndex<RpmIndex>> {
  const single = [...new Set(source.files ?? [])];
  const listed = source.directory === undefined ? [] : await rpmsIn(host, source.directory);
  const files = [...single, ...listed.filter((file) => !single.includes(file))].sort(compareCodeUnits);
  const rpms = await inParallel(files, READERS, (file) => readLocalRpm(host, file, signal));
  const fits = ({ package: { architecture: found } }: PackageWithFiles) => found === "noarch" || found === architecture;
  for (const rpm of rpms) {
    const { path: file, architecture: found } = rpm.package;
    if (single.includes(file) && !fits(rpm)) throw invalid(file, `it is for ${found}, not for ${architecture}`);
  }
  return {
    source,
    index: rpmIndexOf(rpms.filter(fits)),
    metadataSha256: keyOf(rpms.flatMap(({ package: { sha256 } }) => sha256 ?? []).sort(compareCodeUnits)),
    verified: true,
  };
}

async function rpmsIn({ files }: Pick<Host, "files">, directory: string): Promise<string[]> {
  const stat = await files.stat(await files.realPath(directory));
  if (stat?.kind !== "directory") {
    throw new ComposerError("HOST_FILE_UNREADABLE", `Cannot read the packages in "${directory}": it is no directory`);
  }
  const names = await files.list(directory);
  const isPackage = (name: string): boolean => name.endsWith(".rpm") && !/\.(no)?src\.rpm$/.test(name);
  return names.filter(isPackage).map((name) => path.join(directory, name));
}

async function readLocalRpm(
  host: Pick<Host, "files" | "processes">,
  file: string,
  signal: AbortSignal | undefined,
): Promise<PackageWithFiles> {
  const { rpm, sha256, sizeBytes } = await checkRpm(host, file, signal === undefined ? {} : { signal });
  return {
    package: rpmPackageOf(rpm, { path: file, sizeBytes, sha256 }),
    paths: rpm.files.map(({ path: place }) => place),
  };
}

function invalid(file: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot use the package "${file}": ${state}`);
}
