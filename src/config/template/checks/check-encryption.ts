import { nearestOf } from "../../../core/index.ts";
import type { Finding } from "../../document/index.ts";
import type { ImageTemplate, PartitionSection } from "../schema/index.ts";

const PATH = ["systemConfig", "fde"];

/** Full disk encryption has a passphrase, and partitions that may be encrypted. */
export function checkEncryption({ disk, systemConfig }: ImageTemplate): Finding[] {
  const section = systemConfig?.fde;
  if (section?.enabled !== true) return [];
  const names = section.partitions ?? [];
  return [
    ...((section.passphraseFile ?? "") === ""
      ? [{ path: [...PATH, "passphraseFile"], message: "is missing: encryption needs a passphrase" }]
      : []),
    ...(names.length === 0
      ? [{ path: [...PATH, "partitions"], message: "names no partition to encrypt", hint: 'For example ["rootfs"]' }]
      : []),
    ...(disk?.partitions === undefined
      ? []
      : names.flatMap((name, index) =>
          checkPartition(name, names.indexOf(name) < index, index, disk.partitions ?? []),
        )),
  ];
}

function checkPartition(
  name: string,
  isRepeated: boolean,
  index: number,
  partitions: readonly PartitionSection[],
): Finding[] {
  const path = [...PATH, "partitions", index];
  if (isRepeated) return [{ path, message: `${JSON.stringify(name)} is already listed above` }];
  const ids = partitions.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const partition = partitions.find(({ id }) => id === name);
  if (partition === undefined) {
    const near = nearestOf(name, ids);
    const hint = near === undefined ? `The disk has ${ids.join(", ")}` : `Did you mean "${near}"?`;
    return [{ path, message: `no partition has the id ${JSON.stringify(name)}`, hint }];
  }
  if (!isReadByFirmware(partition)) return [];
  return [{ path, message: "firmware and boot loader read this partition: it cannot be encrypted" }];
}

function isReadByFirmware({ type, flags = [], mountPoint }: PartitionSection): boolean {
  return (
    type === "esp" ||
    type === "bios" ||
    flags.includes("esp") ||
    flags.includes("bios_grub") ||
    mountPoint === "/boot" ||
    mountPoint === "/boot/efi"
  );
}
