/** Turning disk images into other formats and compressing them. */
export { type GzipCompression, openGzip, type RunProgram } from "./compress-gzip.ts";
export * from "./compress-image.ts";
export { findDataRanges, type SeenFile } from "./data-ranges.ts";
