/**
 * Disks: where partitions lie, their table, and the file systems in them.
 *
 * Plans are plain values that step keys are made from; writers put them into an image file in place.
 */
export * from "./check-disk.ts";
export type * from "./disk-issue.ts";
export * from "./disk-plan.ts";
export * from "./ext4-xattrs.ts";
export * from "./finish-ext4.ts";
export type { FatDirectory, FatFile, FatNode } from "./fat-layout.ts";
export * from "./fstab.ts";
export * from "./make-ext4.ts";
export * from "./partition-types.ts";
export * from "./plan-disk.ts";
export * from "./plan-ext4.ts";
export { type FatOptions, writeFat } from "./write-fat.ts";
export * from "./write-gpt.ts";
