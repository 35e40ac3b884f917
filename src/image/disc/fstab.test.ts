import { describe, expect, it } from "vitest";
import type { PartitionPlan } from "./disk-plan.ts";
import { formatFstab } from "./fstab.ts";
import { ESP_GUID } from "./partition-types.ts";

function partition(partUuid: string, rest: Partial<PartitionPlan>): PartitionPlan {
  const fs = { type: "ext4", uuid: "u", hashSeed: "h", label: "" } as const;
  const place = { startLba: 2048, sectorCount: 2048, offsetBytes: 1048576, sizeBytes: 1048576 };
  return { number: 1, name: "n", typeGuid: "t", partUuid, ...place, attributeBits: [], fs, ...rest };
}

const FAT = { type: "fat32", volumeId: 1, uuid: "0000-0001", label: "" } as const;

describe("formatFstab()", () => {
  it("puts the root first, then a directory before what lies in it", () => {
    const text = formatFstab({
      sizeBytes: 0,
      diskGuid: "d",
      partitions: [
        partition("esp", { fs: FAT, typeGuid: ESP_GUID, mountPoint: "/boot/efi" }),
        partition("boot", { mountPoint: "/boot" }),
        partition("hash", {}),
        partition("root", { mountPoint: "/" }),
        partition("data", { mountPoint: "/srv/my data", mountOptions: "noatime,nofail" }),
      ],
    });
    expect(text.split("\n").slice(1)).toEqual([
      "PARTUUID=root / ext4 errors=remount-ro 0 1",
      "PARTUUID=boot /boot ext4 defaults 0 2",
      "PARTUUID=esp /boot/efi vfat umask=0077 0 2",
      "PARTUUID=data /srv/my\\040data ext4 noatime,nofail 0 2",
      "",
    ]);
  });
});
