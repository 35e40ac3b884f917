/** Booting: initrds, and which files a boot loader needs on which partition. */
export * from "./build-initrd.ts";
export * from "./place-initrds.ts";
export * from "./plan-esp.ts";
export * from "./plan-systemd-boot.ts";
export * from "./prepare-boot.ts";
