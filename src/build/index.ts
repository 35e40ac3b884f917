/**
 * The pipeline: which steps a build needs, what of earlier builds it can use again, and where results appear.
 */
export * from "./ask-packages.ts";
export * from "./build-image.ts";
export * from "./resolve-packages.ts";
export * from "./build-control.ts";
export * from "./clean-caches.ts";
export { fetchBuildPackages, type FetchReport } from "./fetch-build-packages.ts";
export * from "./kept-files.ts";
export * from "./plan-stages.ts";
export * from "./require-no-faults.ts";
export { vendorPackages, type VendorReport } from "./vendor-packages.ts";
