import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DiskSection, PartitionSection } from "../../config/index.ts";
import { type Architecture, architectureOf, formatSize } from "../../core/index.ts";
import { checkDisk } from "./check-disk.ts";
import { ALIGNMENT_BYTES } from "./disk-plan.ts";
import { ESP_GUID } from "./partition-types.ts";
import { planDisk } from "./plan-disk.ts";

const MIB = 1024 * 1024;
const architecture = architectureOf("x86_64") as Architecture;

const ESP: PartitionSection = {
  id: "boot",
  type: "esp",
  flags: ["esp", "boot"],
  start: "1MiB",
  end: "513MiB",
  fsType: "fat32",
  mountPoint: "/boot/efi",
  mountOptions: "umask=0077",
};
const ROOT: PartitionSection = {
  id: "rootfs",
  type: "linux-root-amd64",
  start: "513MiB",
  end: "0",
  fsType: "ext4",
  mountPoint: "/",
};

function diskOf(...partitions: readonly PartitionSection[]): DiskSection {
  return { size: "4GiB", partitionTableType: "gpt", partitions: [...partitions] };
}

/** What is wrong with a disk: `path: message`. */
function faults(disk: DiskSection, bootType: "efi" | "legacy" = "efi"): string[] {
  return checkDisk(disk, { architecture, bootType }).map(({ path, message }) => `${path}: ${message}`);
}

describe("planDisk()", () => {
  it("gives every partition its place, identifiers and file system", () => {
    const plan = planDisk(diskOf(ESP, ROOT), { identity: "key", architecture });
    expect(plan).toMatchObject({
      sizeBytes: 4096 * MIB,
      partitions: [
        { number: 1, name: "boot", typeGuid: ESP_GUID, startLba: 2048, sectorCount: 1048576, fs: { type: "fat32" } },
        {
          number: 2,
          name: "rootfs",
          typeGuid: "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
          offsetBytes: 513 * MIB,
          // The last MiB of the disk holds the backup table.
          sizeBytes: (4095 - 513) * MIB,
          fs: { type: "ext4", label: "" },
          mountPoint: "/",
        },
      ],
    });
  });

  it("makes identifiers of the build key, all different", () => {
    const identifiers = (identity: string): string[] => {
      const { diskGuid, partitions } = planDisk(diskOf(ESP, ROOT), { identity, architecture });
      return [diskGuid, ...partitions.flatMap(({ partUuid, fs }) => [partUuid, fs?.uuid ?? ""])];
    };
    expect(identifiers("a")).toEqual(identifiers("a"));
    expect(new Set([...identifiers("a"), ...identifiers("b")]).size).toBe(10);
  });

  it("gives a volume id the form that blkid prints", () => {
    const [esp] = planDisk(diskOf(ESP, ROOT), { identity: "key", architecture }).partitions;
    const fs = esp?.fs;
    expect(fs?.uuid).toMatch(/^[0-9A-F]{4}-[0-9A-F]{4}$/);
    expect(fs).toHaveProperty("volumeId", Number.parseInt(fs?.uuid.replace("-", "") ?? "", 16));
  });

  it("starts a partition without a start after the one before it", () => {
    const { start, ...root } = ROOT;
    expect(start).toBeDefined();
    expect(planDisk(diskOf(ESP, root), { identity: "key", architecture })).toEqual(
      planDisk(diskOf(ESP, ROOT), { identity: "key", architecture }),
    );
  });

  it("takes typeUUID before type, and the root type of the architecture without either", () => {
    const { type, ...root } = ROOT;
    const plan = planDisk(diskOf({ ...ESP, type: "linux", typeUUID: ESP_GUID.toUpperCase() }, root), {
      identity: "key",
      architecture,
    });
    expect(type).toBeDefined();
    expect(plan.partitions.map(({ typeGuid }) => typeGuid)).toEqual([ESP_GUID, "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"]);
  });

  it("chooses FAT16 for a vfat partition that is too small for FAT32", () => {
    const small = { ...ESP, fsType: "vfat", end: "17MiB" };
    const [esp] = planDisk(diskOf(small, ROOT), { identity: "key", architecture }).partitions;
    expect(esp?.fs?.type).toBe("fat16");
  });

  it("throws all faults in one error, real faults before what is not supported", () => {
    const disk = diskOf(ESP, { ...ROOT, fsType: "xfs", start: "2MiB", end: "9GiB" });
    expect(() => planDisk(disk, { identity: "key", architecture })).toThrow(
      expect.objectContaining({
        code: "IMAGE_PLAN_INVALID",
        message: expect.stringContaining("disk.partitions[1].start") as string,
        details: [
          expect.stringContaining("disk.partitions[1].start"),
          expect.stringContaining("disk.partitions[1].end"),
          expect.stringContaining("disk.partitions[1].fsType"),
        ] as string[],
      }),
    );
  });

  it("throws TEMPLATE_UNSUPPORTED when nothing else is wrong", () => {
    for (const disk of [
      { ...diskOf(ESP, ROOT), partitionTableType: "mbr" as const },
      diskOf(ESP, ROOT, { fsType: "xfs" }),
    ]) {
      const withEnds = { ...disk, partitions: disk.partitions?.map((partition) => ({ end: "4095MiB", ...partition })) };
      const fixed = {
        ...withEnds,
        partitions: withEnds.partitions?.map((p) => (p.mountPoint === "/" ? { ...p, end: "1GiB" } : p)),
      };
      expect(() => planDisk(fixed as DiskSection, { identity: "key", architecture })).toThrow(
        expect.objectContaining({ code: "TEMPLATE_UNSUPPORTED" }),
      );
    }
  });

  it("lays out partitions in order, aligned, without overlap, inside the usable room, or names a fault", () => {
    const size = fc.integer({ min: 0, max: 96 }).map((count) => `${count}MiB`);
    const extent = fc.record({ start: fc.option(size, { nil: undefined }), end: size });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 96 }), fc.array(extent, { minLength: 1, maxLength: 4 }), (mib, extents) => {
        const partitions = extents.map(({ start, end }, index) => ({
          end,
          ...(start === undefined ? {} : { start }),
          ...(index === 0 ? { fsType: "ext4", mountPoint: "/" } : {}),
        }));
        const disk: DiskSection = { size: `${mib}MiB`, partitions };
        if (faults(disk, "legacy").length > 0) return;
        const plan = planDisk(disk, { identity: "key", architecture, bootType: "legacy" });
        let end = ALIGNMENT_BYTES;
        for (const { offsetBytes, sizeBytes } of plan.partitions) {
          expect(offsetBytes % ALIGNMENT_BYTES).toBe(0);
          expect(sizeBytes % ALIGNMENT_BYTES).toBe(0);
          expect(sizeBytes).toBeGreaterThan(0);
          expect(offsetBytes).toBeGreaterThanOrEqual(end);
          end = offsetBytes + sizeBytes;
        }
        expect(end).toBeLessThanOrEqual(plan.sizeBytes - 33 * 512);
      }),
    );
  });
});

describe("checkDisk()", () => {
  it("finds nothing in the usual layout", () => {
    expect(faults(diskOf(ESP, ROOT))).toEqual([]);
  });

  it.each<[string, DiskSection, string]>([
    ["a missing size", { partitions: [ESP, ROOT] }, "disk.size: is missing"],
    ["no partitions", { size: "4GiB" }, "disk.partitions: has no partition"],
    [
      "a size that is no whole sector",
      { ...diskOf(ESP, ROOT), size: "4000000001B" },
      'disk.size: "4000000001B" is no multiple of 512 bytes',
    ],
    [
      "a start in the table",
      diskOf({ ...ESP, start: "0" }, ROOT),
      "disk.partitions[0].start: lies in the partition table",
    ],
    [
      "an unaligned end",
      diskOf({ ...ESP, end: "500MB" }, ROOT),
      'disk.partitions[0].end: "500MB" is no multiple of 1 MiB',
    ],
    [
      "a missing end",
      diskOf(ESP, { ...ROOT, end: undefined } as unknown as PartitionSection),
      "disk.partitions[1].end: is missing",
    ],
    [
      "an overlap",
      diskOf(ESP, { ...ROOT, start: "512MiB" }),
      "disk.partitions[1].start: 512MiB is before 513MiB, where the partition before it ends",
    ],
    [
      "an end at the end of the disk",
      diskOf(ESP, { ...ROOT, end: "4GiB" }),
      "disk.partitions[1].end: 4096MiB is beyond 4095MiB, the end of the room for partitions",
    ],
    [
      "an end before the start",
      diskOf(ESP, { ...ROOT, end: "513MiB" }),
      "disk.partitions[1].end: is not after the start of the partition",
    ],
    [
      "no room for the rest",
      diskOf(ESP, { ...ROOT, end: "4095MiB" }, { end: "0" }),
      "disk.partitions[2].end: has no room left on the disk",
    ],
    [
      "the rest before the last",
      diskOf({ ...ESP, end: "0" }, ROOT),
      "disk.partitions[0].end: takes the rest of the disk before the last partition",
    ],
    ["no root", diskOf(ESP), "disk.partitions: has no root partition"],
    [
      "two roots",
      diskOf(ESP, { ...ROOT, end: "1GiB" }, { ...ROOT, id: "b", start: "1GiB" }),
      'disk.partitions[2].mountPoint: "/" is taken by disk.partitions[1]',
    ],
    [
      "no ESP",
      diskOf({ ...ESP, type: "linux" }, ROOT),
      "disk.partitions: has no EFI system partition, which boot type efi needs",
    ],
    [
      "an ESP that firmware cannot read",
      diskOf({ ...ESP, fsType: "ext4" }, ROOT),
      "disk.partitions[0].fsType: is not what firmware can read",
    ],
    [
      "a FAT root",
      diskOf(ESP, { ...ROOT, fsType: "vfat", end: "1GiB" }),
      'disk.partitions[1].fsType: "vfat" cannot hold the root file system',
    ],
    [
      "FAT32 in too little room",
      diskOf({ ...ESP, end: "32MiB" }, ROOT),
      'disk.partitions[0].fsType: "fat32" cannot be made in 31 MiB',
    ],
    [
      "a mount point without file system",
      diskOf(ESP, { ...ROOT, end: "1GiB" }, { end: "0", mountPoint: "/opt" }),
      "disk.partitions[2].mountPoint: needs a file system",
    ],
    [
      "a mount point that climbs",
      diskOf(ESP, { ...ROOT, end: "1GiB" }, { end: "0", fsType: "ext4", mountPoint: "/a/../b" }),
      'disk.partitions[2].mountPoint: "/a/../b" is no clean absolute path',
    ],
    [
      "an unknown type",
      diskOf(ESP, { ...ROOT, type: "linux-rot-amd64" }),
      'disk.partitions[1].type: "linux-rot-amd64" is no known partition type',
    ],
    [
      "a type of another architecture",
      diskOf(ESP, { ...ROOT, type: "linux-root-arm64" }),
      'disk.partitions[1].type: "linux-root-arm64" is not for x86_64',
    ],
    [
      "a bad GUID",
      diskOf(ESP, { ...ROOT, typeUUID: "4f68bce3" }),
      'disk.partitions[1].typeUUID: "4f68bce3" is no GUID',
    ],
    [
      "a name twice",
      diskOf(ESP, { ...ROOT, name: "boot" }),
      'disk.partitions[1].name: "boot" is taken by disk.partitions[0]',
    ],
    [
      "a number twice",
      diskOf(ESP, { ...ROOT, index: 1 }),
      'disk.partitions[1].index: "1" is taken by disk.partitions[0]',
    ],
    [
      "a lower-case FAT label",
      diskOf({ ...ESP, fsLabel: "esp" }, ROOT),
      'disk.partitions[0].fsLabel: "esp" is no FAT label',
    ],
    [
      "a long ext4 label",
      diskOf(ESP, { ...ROOT, fsLabel: "seventeen-letters" }),
      'disk.partitions[1].fsLabel: "seventeen-letters" is no label for ext4',
    ],
    [
      "an unknown file system",
      diskOf(ESP, { ...ROOT, fsType: "btrfs" }),
      'disk.partitions[1].fsType: "btrfs" is no known file system',
    ],
    [
      "a mount point of the kernel's",
      diskOf(ESP, { ...ROOT, end: "1GiB" }, { end: "0", fsType: "ext4", mountPoint: "/dev/shm" }),
      'disk.partitions[2].mountPoint: "/dev/shm" cannot be a partition of its own',
    ],
    [
      "mounted swap space",
      diskOf(ESP, { ...ROOT, end: "1GiB" }, { end: "0", fsType: "linux-swap", mountPoint: "/swap" }),
      "disk.partitions[2].mountPoint: swap space is not mounted",
    ],
    [
      "too many partitions for an MBR",
      {
        ...diskOf(ESP, { ...ROOT, end: "1GiB" }, { end: "2GiB" }, { end: "3GiB" }, { end: "0" }),
        partitionTableType: "mbr",
      },
      "disk.partitions: has 5 partitions, too many for an MBR",
    ],
    [
      "a partition that an MBR cannot count",
      { ...diskOf(ESP, { ...ROOT, end: "3TiB" }), size: "4TiB", partitionTableType: "mbr" },
      "disk.partitions[1].end: 3145728MiB is beyond 2097152MiB, the end of the room for partitions",
    ],
    [
      "options with a space",
      diskOf(ESP, { ...ROOT, mountOptions: "ro, noatime" }),
      "disk.partitions[1].mountOptions: has white space",
    ],
    [
      "a long name",
      diskOf(ESP, { ...ROOT, id: "x".repeat(37) }),
      `disk.partitions[1].id: "${"x".repeat(37)}" is too long for a partition name`,
    ],
  ])("finds %s", (_, disk, fault) => {
    expect(faults(disk)).toContain(fault);
  });

  it("wants a BIOS boot partition on GPT for BIOS firmware, and none on MBR", () => {
    const bios: PartitionSection = { id: "bios", type: "bios", start: "1MiB", end: "2MiB" };
    const root: PartitionSection = { ...ROOT, start: "2MiB" };
    expect(faults(diskOf(bios, root), "legacy")).toEqual([]);
    expect(faults({ ...diskOf(root), partitionTableType: "mbr" }, "legacy")).toEqual([
      'disk.partitionTableType: "mbr" cannot be made yet',
    ]);
    expect(faults(diskOf(root), "legacy")).toEqual([
      "disk.partitions: has no BIOS boot partition, which boot type legacy needs on GPT",
    ]);
    expect(faults(diskOf({ ...bios, fsType: "vfat", end: "9MiB" }, { ...root, start: "9MiB" }), "legacy")).toEqual([
      "disk.partitions[0].fsType: would be overwritten by the boot loader",
    ]);
  });

  it("never throws, whatever sizes a template has", () => {
    const size = fc.oneof(
      fc.constantFrom("0", "1MiB", "9007199254740991B", "9999999TiB", "", "x"),
      fc.nat().map(formatSize),
    );
    fc.assert(
      fc.property(
        size,
        fc.array(fc.record({ start: size, end: size, fsType: fc.constantFrom("fat32", "ext4", "?") })),
        (total, partitions) => {
          expect(checkDisk({ size: total, partitions }, { architecture }).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
