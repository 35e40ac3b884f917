/** Raw disk images: everything on the disk, in one file. */
export * from "./make-raw-image.ts";
