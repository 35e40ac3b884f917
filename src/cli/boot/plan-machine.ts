import type { Architecture } from "../../core/index.ts";
import type { DiskFormat } from "./disk-format.ts";
import type { Firmware } from "./find-firmware.ts";

/** A virtual machine that boots one image. */
export interface MachineOptions {
  readonly architecture: Architecture;
  readonly image: { readonly file: string; readonly format: DiskFormat };
  readonly firmware: Firmware;
  readonly acceleration: "kvm" | "tcg";
  readonly memoryMiB: number;
  readonly cpuCount: number;
  /** True drops what the guest writes when the machine ends. */
  readonly snapshot: boolean;
  /** The port on 127.0.0.1 that leads to the guest's SSH server. */
  readonly sshPort?: number;
  /** systemd credentials for the guest, by name. @see systemd.system-credentials(7) */
  readonly credentials: ReadonlyMap<string, string>;
  /** True when a person or a program types on the serial line: then Ctrl-A X ends the machine. */
  readonly interactive: boolean;
}

/** The QEMU command for a machine whose first serial line is standard input and output; a reboot ends it. */
export function planMachine(options: MachineOptions): [string, ...string[]] {
  const { architecture, firmware, memoryMiB, cpuCount, interactive } = options;
  return [
    qemuProgram(architecture),
    ...["-no-user-config", "-nodefaults"],
    ...["-machine", machineType(architecture, firmware)],
    ...acceleration(options),
    ...["-m", `${memoryMiB}M`, "-smp", String(cpuCount)],
    ...["-display", "none", "-no-reboot"],
    ...["-serial", interactive ? "mon:stdio" : "stdio"],
    ...firmwareArguments(firmware),
    ...disk(options),
    ...network(options),
    ...["-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0"],
    ...credentials(options),
  ];
}

export function qemuProgram({ qemu }: Architecture): string {
  return `qemu-system-${qemu}`;
}

function machineType({ name }: Architecture, firmware: Firmware): string {
  if (name === "aarch64") return "virt";
  return isSecureBoot(firmware) ? "q35,smm=on" : "q35";
}

/** Without 5-level paging: every memory access of an emulated guest is cheaper, and old firmware doesn't stumble. */
const EMULATED_CPU = { x86_64: "max,la57=off", aarch64: "max,pauth-impdef=on" } as const;

function acceleration({ acceleration, architecture }: MachineOptions): string[] {
  return acceleration === "kvm"
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", "tcg,thread=multi", "-cpu", EMULATED_CPU[architecture.name]];
}

/** The variables are a snapshot, too: every boot starts from the firmware's own, and nothing is left behind. */
function firmwareArguments(firmware: Firmware): string[] {
  if (firmware.kind === "bios") return [];
  const { code, variables } = firmware;
  const drive = (unit: number, file: string, access: string): string[] => [
    "-drive",
    `if=pflash,unit=${unit},format=raw,${access},file=${escapeOption(file)}`,
  ];
  const secure = isSecureBoot(firmware) ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : [];
  return variables === undefined
    ? [...secure, ...drive(0, code, "snapshot=on")]
    : [...secure, ...drive(0, code, "readonly=on"), ...drive(1, variables, "snapshot=on")];
}

function isSecureBoot(firmware: Firmware): boolean {
  return firmware.kind === "uefi" && firmware.secureBoot;
}

function disk({ image, snapshot }: MachineOptions): string[] {
  const access = snapshot ? "snapshot=on,cache=unsafe" : "snapshot=off";
  return [
    "-drive",
    `if=none,id=disk0,format=${image.format},${access},file=${escapeOption(image.file)}`,
    "-device",
    "virtio-blk-pci,drive=disk0,bootindex=1",
  ];
}

/** Without its ROM the network card is never booted from. */
function network({ sshPort }: MachineOptions): string[] {
  const forward = sshPort === undefined ? "" : `,hostfwd=tcp:127.0.0.1:${sshPort}-:22`;
  return ["-netdev", `user,id=net0${forward}`, "-device", "virtio-net-pci,netdev=net0,romfile="];
}

function credentials({ credentials }: MachineOptions): string[] {
  return [...credentials].flatMap(([name, value]) => {
    const encoded = Buffer.from(value, "utf8").toString("base64");
    return ["-smbios", `type=11,value=io.systemd.credential.binary:${name}=${encoded}`];
  });
}

/** A comma would end the value. */
function escapeOption(value: string): string {
  return value.replaceAll(",", ",,");
}
