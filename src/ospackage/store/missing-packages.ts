import { ComposerError } from "../../core/index.ts";
import type { PackageIdentity } from "./package-paths.ts";
import type { VendorDirectory } from "./vendor-directory.ts";

/** Where packages are looked for before anybody is asked. */
export interface SearchedPlaces {
  readonly cacheDir: string;
  readonly allCachesDir?: string;
  readonly vendor?: VendorDirectory;
}

const SHOWN_PACKAGES = 20;

/** Of packages that are asked for without network. */
export function notStored(missing: readonly PackageIdentity[], searched: SearchedPlaces): ComposerError {
  const { vendor } = searched;
  const count = missing.length === 1 ? "one package is" : `${missing.length} packages are`;
  const where = vendor === undefined ? "not in the cache" : "neither in the vendor directory nor in the cache";
  const details = missing.slice(0, SHOWN_PACKAGES).map(nameOf);
  return new ComposerError("REPOSITORY_OFFLINE", `Cannot build offline: ${count} ${where}`, {
    hint: "Run the build, or the fetch command, once without --offline",
    details: [
      ...details,
      ...(missing.length > SHOWN_PACKAGES ? ["…"] : []),
      `looked for in ${placesHere(searched).join(", ")}`,
    ],
  });
}

/** A failure to find a package at its addresses, with all places that were searched. */
export function notFound(identity: PackageIdentity, cause: ComposerError, places: readonly string[]): ComposerError {
  return new ComposerError(cause.code, cause.message, {
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    details: [...cause.details, `${nameOf(identity)} was looked for in ${places.join(", ")}`],
    ...(cause.cause === undefined ? {} : { cause: cause.cause }),
  });
}

/** Where packages were looked for on this machine. */
export function placesHere({ vendor, cacheDir, allCachesDir }: SearchedPlaces): readonly string[] {
  const caches = `the cache "${allCachesDir ?? cacheDir}"`;
  return vendor === undefined ? [caches] : [`the vendor directory "${vendor.directory}"`, caches];
}

/** What messages call a package. */
export function nameOf({ name, version }: PackageIdentity): string {
  return `the package "${name}" ${version}`;
}
