/** Reading compressed streams: by Node.js where it can, by the host's `xz` where that is faster. */
export * from "./decompress.ts";
