import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Architecture, architectureOf } from "../../src/core/index.ts";
import { nodeFiles } from "../../src/host/index.ts";
import { planDisk, writeGpt } from "../../src/image/index.ts";

const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, LC_ALL: "C" };
const plan = planDisk(
  {
    size: "256MiB",
    partitions: [
      { id: "boot", type: "esp", start: "1MiB", end: "65MiB", fsType: "fat32", mountPoint: "/boot/efi" },
      { id: "Wurzel-ä", type: "linux-root-amd64", end: "129MiB", fsType: "ext4", mountPoint: "/", index: 7 },
      { type: "linux", start: "161MiB", end: "0", flags: ["legacy_boot"] },
    ],
  },
  { identity: "oracle", architecture: architectureOf("x86_64") as Architecture },
);

const byNumber = plan.partitions.toSorted((a, b) => a.number - b.number);

let directory: string;
let image: string;

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "disc-gpt-"));
  image = path.join(directory, "disk.raw");
  await using file = await nodeFiles.open(image, { create: true });
  await file.truncate(plan.sizeBytes);
  await writeGpt(file, plan);
});

afterAll(() => {
  fs.rmSync(directory, { recursive: true });
});

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", env });
}

describe("writeGpt() before the tools of the field", () => {
  it("passes sfdisk --verify", () => {
    expect(run("sfdisk", "-V", image)).toContain("No errors detected");
  });

  it("passes sgdisk --verify", () => {
    expect(run("sgdisk", "-v", image)).toContain("No problems found");
  });

  it("is read by sfdisk as it was planned", () => {
    const { partitiontable } = JSON.parse(run("sfdisk", "-J", image)) as {
      partitiontable: { label: string; id: string; lastlba: number; partitions: Record<string, unknown>[] };
    };
    expect(partitiontable).toMatchObject({ label: "gpt", id: plan.diskGuid.toUpperCase() });
    expect(partitiontable.partitions).toEqual(
      byNumber.map((partition) => ({
        node: `${image}${partition.number}`,
        start: partition.startLba,
        size: partition.sectorCount,
        type: partition.typeGuid.toUpperCase(),
        uuid: partition.partUuid.toUpperCase(),
        name: partition.name,
        ...(partition.attributeBits.length === 0 ? {} : { attrs: "LegacyBIOSBootable" }),
      })),
    );
  });

  it("is read from the backup when the primary table is gone", () => {
    const broken = path.join(directory, "broken.raw");
    fs.copyFileSync(image, broken);
    const file = fs.openSync(broken, "r+");
    fs.writeSync(file, Buffer.alloc(33 * 512), 0, 33 * 512, 512);
    fs.closeSync(file);
    expect(run("sfdisk", "-d", broken).replaceAll(broken, image)).toBe(run("sfdisk", "-d", image));
  });
});
