import path from "node:path";
import { type Architecture, ComposerError } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";

/** What a machine starts from. */
export type Firmware =
  | { readonly kind: "bios" }
  | {
      readonly kind: "uefi";
      readonly code: string;
      /** The template of the variable store; absent where the code file holds it. */
      readonly variables?: string;
      readonly secureBoot: boolean;
    };

type Pair = readonly [code: string, variables: string];

/** Where distributions keep UEFI firmware for QEMU, the usual first. */
const PLACES: Readonly<Record<Architecture["name"], readonly Pair[]>> = {
  x86_64: [
    ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"],
    ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
    ["/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"],
    ["/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"],
    ["/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"],
    ["/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"],
    ["/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"],
  ],
  aarch64: [
    ["/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"],
    ["/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"],
    ["/usr/share/edk2/aarch64/QEMU_EFI-silent-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"],
    ["/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"],
    ["/usr/share/qemu/edk2-aarch64-code.fd", "/usr/share/qemu/edk2-arm-vars.fd"],
  ],
};

const PACKAGES: Readonly<Record<Architecture["name"], string>> = { x86_64: "ovmf", aarch64: "qemu-efi-aarch64" };

/**
 * The firmware for an architecture: the host's UEFI, or what `wanted` names: a file, or `bios` for a PC without UEFI.
 *
 * @throws {HOST_TOOL_MISSING} the host has none @throws {USAGE} `wanted` isn't there or doesn't fit
 */
export async function findFirmware(
  files: Pick<HostFiles, "isReadable">,
  architecture: Architecture,
  wanted?: string,
): Promise<Firmware> {
  if (wanted === "bios") {
    if (architecture.name === "x86_64") return { kind: "bios" };
    throw new ComposerError("USAGE", `Cannot boot an ${architecture.name} image from a BIOS: there is none for it`);
  }
  if (wanted !== undefined) return namedFirmware(files, wanted);
  for (const [code, variables] of PLACES[architecture.name]) {
    if ((await files.isReadable(code)) && (await files.isReadable(variables))) {
      return { kind: "uefi", code, variables, secureBoot: false };
    }
  }
  throw new ComposerError(
    "HOST_TOOL_MISSING",
    `Cannot boot an ${architecture.name} image: this host has no UEFI firmware for QEMU`,
    { hint: `Install the package "${PACKAGES[architecture.name]}", or name a firmware file with --firmware` },
  );
}

/** The variables of `…CODE….fd` are in `…VARS….fd` beside it. */
async function namedFirmware(files: Pick<HostFiles, "isReadable">, code: string): Promise<Firmware> {
  if (!(await files.isReadable(code))) {
    throw new ComposerError("USAGE", `Cannot use the firmware "${code}": it can't be read`);
  }
  const secureBoot = /secboot|snakeoil|\.ms\./.test(code) && !code.includes("no-secboot");
  const name = path.basename(code).replace("CODE", "VARS").replace("code", "vars");
  const guess = path.join(path.dirname(code), name);
  // Debian names the variables of a Secure Boot firmware after the keys in them; without keys they are the plain ones.
  for (const variables of [guess, guess.replace(/\.(no-)?secboot(?=\.)/, "")]) {
    if (variables !== code && (await files.isReadable(variables))) return { kind: "uefi", code, variables, secureBoot };
  }
  return { kind: "uefi", code, secureBoot };
}
