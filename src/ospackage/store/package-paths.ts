import path from "node:path";
import type { FileDigest } from "../../core/index.ts";

/** What names a package file. */
export interface PackageIdentity<Digest extends FileDigest = FileDigest> {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly digest: Digest;
}

/**
 * Where the packages of one set are kept below the cache: under the names that apt gives them, or in a directory named
 * after the digest where two files of the set have the same name.
 *
 * @returns paths by digest
 */
export function packagePaths<Digest extends FileDigest>(
  packages: readonly PackageIdentity<Digest>[],
  cacheDir: string,
): ReadonlyMap<Digest, string> {
  const digests = new Map<string, Set<Digest>>();
  for (const identity of packages) {
    const name = packageFileName(identity);
    digests.set(name, (digests.get(name) ?? new Set()).add(identity.digest));
  }
  return new Map(
    packages.map((identity) => {
      const name = packageFileName(identity);
      const isAlone = digests.get(name)?.size === 1;
      const directory = isAlone ? cacheDir : path.join(cacheDir, identity.digest.slice(0, 16));
      return [identity.digest, path.join(directory, name)];
    }),
  );
}

/** What rpm distributions call architectures; none of Debian's names is among them. */
const RPM_ARCHITECTURES = ["noarch", "x86_64", "aarch64", "i686"];

/**
 * `name_version_architecture.deb` or `name-version-release.architecture.rpm`, with everything that could leave the directory
 * or confuse a reader as `%xx`.
 */
function packageFileName({ name, version, architecture }: PackageIdentity): string {
  if (RPM_ARCHITECTURES.includes(architecture)) return `${escape(name)}-${escape(version)}.${architecture}.rpm`;
  return `${escape(name)}_${escape(version)}_${escape(architecture)}.deb`;
}

function escape(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.+~^-]/gu, (character) =>
    Buffer.from(character).reduce((escaped, byte) => `${escaped}%${byte.toString(16).padStart(2, "0")}`, ""),
  );
}
