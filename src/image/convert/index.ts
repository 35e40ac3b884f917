/** Turning disk images into other formats and compressing them. */
export * from "./compress-image.ts";
