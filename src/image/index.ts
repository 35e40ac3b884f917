/**
 * Making images: disks and file systems, boot loaders, what is configured in the system, and whole outputs.
 *
 * Deciding functions give plain plans, acting ones carry them out in files; nothing here mounts anything.
 */
export * from "./boot/index.ts";
export * from "./convert/index.ts";
export * from "./disc/index.ts";
export * from "./os/index.ts";
export * from "./rawmaker/index.ts";
