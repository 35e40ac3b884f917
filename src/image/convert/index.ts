/** Turning disk images into other formats and compressing them. */
export * from "./compress-image.ts";
export { findDataRanges, type SeenFile } from "./data-ranges.ts";
