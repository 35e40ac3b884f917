import type { Architecture } from "../../core/index.ts";
import { type Host, type HostEnvironment } from "../../host/index.ts";
import { qemuProgram } from "./plan-machine.ts";

/** What the probe's guest makes QEMU exit with: an exit that nothing else causes. */
export const PROBE_EXIT_CODE = 33;
const PROBE_TIMEOUT_MS = 2_000;
const EXIT_PORT = 0xf4;

/**
 * Tells whether guests really run under KVM on this host.
 *
 * /dev/kvm alone proves little: inside some virtual machines it opens, but guests stop at their first unusual
 * instruction or crawl. So a tiny guest must do what firmware does first, and be quick about it.
 */
export async function kvmWorks(
  host: Pick<Host, "files" | "processes" | "environment">,
  architecture: Architecture,
): Promise<boolean> {
  const { files, processes, environment } = host;
  if (environment.architecture !== architecture.node || !(await files.isReadable("/dev/kvm"))) return false;
  // Nothing that small is made for other architectures yet.
  if (architecture.name !== "x86_64") return true;
  const bootSector = files.temporaryName(temporaryDirectory(environment), "os-image-composer-kvm");
  try {
    await files.write(bootSector, probeBootSector());
    const { exitCode } = await processes.run({
      argv: planKvmProbe(architecture, bootSector, "kvm"),
      timeoutMs: PROBE_TIMEOUT_MS,
      okExitCodes: [PROBE_EXIT_CODE],
    });
    return exitCode === PROBE_EXIT_CODE;
  } catch {
    return false;
  } finally {
    await files.remove(bootSector);
  }
}

export function temporaryDirectory({ variables }: HostEnvironment): string {
  const { TMPDIR: directory } = variables;
  return directory === undefined || directory === "" ? "/tmp" : directory;
}

/** A machine that runs a boot sector and ends when that writes to the exit port. */
export function planKvmProbe(
  architecture: Architecture,
  bootSector: string,
  accelerator: "kvm" | "tcg",
): [string, ...string[]] {
  return [
    qemuProgram(architecture),
    ...["-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"],
    ...["-machine", "pc", "-accel", accelerator, "-m", "32M"],
    ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
    ...["-drive", `if=ide,format=raw,readonly=off,snapshot=on,file=${bootSector.replaceAll(",", ",,")}`],
  ];
}

const LOOP_COUNT = 5_000_000;
const CONTROL_WORD_OFFSET = 0x1fc;
const LOAD_ADDRESS = 0x7c00;

/** 16-bit code for a PC: sets up the FPU as UEFI firmware does, counts for a while, ends the machine. */
export function probeBootSector(): Uint8Array {
  const sector = Buffer.alloc(512);
  const controlWord = LOAD_ADDRESS + CONTROL_WORD_OFFSET;
  sector.set([
    ...[0x9b, 0xdb, 0xe3], // finit
    ...[0xd9, 0x2e, controlWord & 0xff, controlWord >> 8], // fldcw [controlWord]
    ...[0x66, 0xb9, 0, 0, 0, 0], // mov ecx, LOOP_COUNT
    ...[0x66, 0x49], // dec ecx
    ...[0x75, 0xfc], // jnz back to it
    ...[0xb0, (PROBE_EXIT_CODE - 1) / 2], // mov al: QEMU's exit code is twice that plus one
    ...[0xba, EXIT_PORT, 0], // mov dx, EXIT_PORT
    0xee, // out dx, al
    ...[0xf4, 0xeb, 0xfd], // hlt, for ever
  ]);
  sector.writeUInt32LE(LOOP_COUNT, 9);
  sector.writeUInt16LE(0x037f, CONTROL_WORD_OFFSET);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
