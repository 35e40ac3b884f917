/**
 * The store of package files: downloading in parallel, verifying at every use, finding again.
 *
 * A file has its final name only when it is complete and its digest is right.
 */
export { type FetchPackagesOptions, type PackageLocation, fetchPackages } from "./fetch-packages.ts";
export { hasDigest } from "./has-digest.ts";
export { inParallel } from "./in-parallel.ts";
export { type PackageIdentity, packagePaths } from "./package-paths.ts";
export {
  formatDigests,
  readVendorDirectory,
  VENDOR_DIGESTS,
  VENDOR_MANIFEST,
  type VendorDirectory,
} from "./vendor-directory.ts";
export { type HeadReader, readHeadsHere, readHeadsThere } from "./read-package-heads.ts";
export { type CachedPackage, type Pruned, type PruneOptions, prunePackages } from "./prune-packages.ts";
