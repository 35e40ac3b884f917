/**
 * Boots an image in QEMU: what the machine is made of, which firmware and acceleration this host has, and the watch
 * over its serial line.
 */
export * from "./disk-format.ts";
export * from "./find-firmware.ts";
export * from "./kvm-probe.ts";
export * from "./plan-machine.ts";
export * from "./run-machine.ts";
