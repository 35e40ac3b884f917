import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import type { DiskPlan, PartitionPlan } from "../disc/disk-plan.ts";
import { formatFstab } from "../disc/fstab.ts";
import { prepareGrowth, withGrowingPartition } from "./grow-disk.ts";

const LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4";
const ROOT = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
const PROGRAMS = { "/usr/bin/systemd-repart": "", "/usr/lib/systemd/systemd-growfs": "" };

function partition(number: number, startLba: number, settings: Partial<PartitionPlan>): PartitionPlan {
  return {
    number,
    name: `p${number}`,
    typeGuid: LINUX,
    partUuid: `uuid-${number}`,
    startLba,
    sectorCount: 2048,
    offsetBytes: startLba * 512,
    sizeBytes: 1_048_576,
    attributeBits: [],
    fs: { type: "ext4", uuid: "u", hashSeed: "h", label: "" },
    ...settings,
  };
}

const disk = (...partitions: readonly PartitionPlan[]): DiskPlan => ({ sizeBytes: 1, diskGuid: "d", partitions });

describe("withGrowingPartition()", () => {
  it("has the file system of the last partition on the disk grow, whatever its number", () => {
    const plan = disk(partition(1, 9000, { mountPoint: "/" }), partition(2, 2048, { mountPoint: "/boot" }));
    const fstab = formatFstab(withGrowingPartition(plan));
    expect(fstab).toContain("PARTUUID=uuid-1 / ext4 errors=remount-ro,x-systemd.growfs 0 1\n");
    expect(fstab).toContain("PARTUUID=uuid-2 /boot ext4 defaults 0 2\n");
  });

  it("keeps the options that the template names", () => {
    const plan = withGrowingPartition(disk(partition(1, 2048, { mountPoint: "/data", mountOptions: "noatime" })));
    expect(plan.partitions[0]?.mountOptions).toBe("noatime,x-systemd.growfs");
  });

  it.each<[string, readonly PartitionPlan[]]>([
    ["a disk without partitions", []],
    ["a last partition that is not mounted", [partition(1, 2048, { mountPoint: "/" }), partition(2, 9000, {})]],
    ["FAT", [partition(1, 1, { mountPoint: "/", fs: { type: "fat32", volumeId: 1, uuid: "u", label: "" } })]],
  ])("refuses %s", (_, partitions) => {
    expect(() => withGrowingPartition(disk(...partitions))).toThrow(
      expect.objectContaining({
        code: "TEMPLATE_INVALID",
        details: ["named at disk.extendLastPartitionToFillDisk"],
      }),
    );
  });
});

describe("prepareGrowth()", () => {
  it("describes the partitions of the last one's type in disk order, and lets only the last one grow", async () => {
    using tree = fakeTree(PROGRAMS);
    const plan = disk(partition(1, 5000, {}), partition(2, 2048, { typeGuid: ROOT }), partition(3, 9000, {}));
    await prepareGrowth(tree.host, tree.root, plan);
    const directory = `${tree.root}/etc/repart.d`;
    expect(readdirSync(directory)).toEqual(["50-partition-1.conf", "51-partition-3.conf"]);
    expect(readFileSync(`${directory}/50-partition-1.conf`, "utf8")).toBe(
      `[Partition]\nType=${LINUX}\nSizeMinBytes=1048576\nSizeMaxBytes=1048576\n`,
    );
    expect(readFileSync(`${directory}/51-partition-3.conf`, "utf8")).toBe(`[Partition]\nType=${LINUX}\n`);
  });

  it("names the package that is missing", async () => {
    using tree = fakeTree();
    await expect(prepareGrowth(tree.host, tree.root, disk(partition(1, 1, {})))).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      hint: expect.stringContaining('"systemd-repart"') as string,
    });
  });
});
