import { describe, expect, it } from "vitest";
import { mke2fsArgv } from "./plan-ext4.ts";

const OPTIONS = {
  imageFile: "/run/image/disk.raw",
  offsetBytes: 1048576,
  sizeBytes: 64 * 1024 * 1024,
  uuid: "b5dbe55a-5ee4-53dc-9cc3-6fc7f5774428",
  hashSeed: "b170adb9-d336-5ea9-974c-c25b9e786dab",
  label: "",
  sourceDateEpoch: 1_700_000_000,
};

describe("mke2fsArgv()", () => {
  it("says everything that would be random, or different on another host", () => {
    const { argv, env } = mke2fsArgv(OPTIONS);
    const line = argv.join(" ");
    expect(line).toContain(`-U ${OPTIONS.uuid}`);
    expect(line).toContain(`offset=1048576,hash_seed=${OPTIONS.hashSeed},root_owner=0:0`);
    expect(line).toContain("-O none,");
    expect(line).not.toMatch(/orphan_file|metadata_csum_seed|-[dL] /);
    expect(argv.slice(-2)).toEqual(["/run/image/disk.raw", "65536k"]);
    expect(env).toMatchObject({ SOURCE_DATE_EPOCH: "1700000000", MKE2FS_CONFIG: "/dev/null" });
  });

  it("adds a label, a tree and reserved blocks when asked to", () => {
    const line = mke2fsArgv({ ...OPTIONS, label: "root", rootDirectory: "/run/tree", reservedPercent: 5 }).argv.join(
      " ",
    );
    expect(line).toContain("-m 5");
    expect(line).toContain("-L root");
    expect(line).toContain("-d /run/tree /run/image/disk.raw");
  });
});
