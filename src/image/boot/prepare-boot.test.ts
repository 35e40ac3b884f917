import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeEntries, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import type { DiskSection } from "../../config/index.ts";
import { architectureOf } from "../../core/index.ts";
import { planDisk } from "../disc/plan-disk.ts";
import { prepareBoot } from "./prepare-boot.ts";

const DISK: DiskSection = {
  size: "1GiB",
  partitions: [
    { id: "esp", type: "esp", fsType: "fat32", start: "1MiB", end: "257MiB", mountPoint: "/boot/efi" },
    { id: "rootfs", type: "linux-root-amd64", fsType: "ext4", start: "257MiB", end: "0", mountPoint: "/" },
  ],
};
const UKIFY = { "usr/lib/kernel/install.d/60-ukify.install": "" };

/** A file of a tree that was prepared; undefined when it is not there. */
async function preparedFile(file: string, entries: FakeEntries, isUnified: boolean): Promise<string | undefined> {
  const architecture = architectureOf("x86_64");
  if (architecture === undefined) throw new Error("x86_64 is unknown");
  using tree = fakeTree({ "etc/os-release": "ID=debian\n", ...entries });
  const plan = planDisk(DISK, { identity: "prepare", architecture });
  await prepareBoot(tree.host, tree.root, plan, { cmdline: "quiet", isUnified });
  try {
    return readFileSync(path.join(tree.root, file), "utf8");
  } catch {
    return undefined;
  }
}

describe("prepareBoot()", () => {
  it("keeps command line and entry token for kernels that come later", async () => {
    expect(await preparedFile("etc/kernel/cmdline", {}, false)).toMatch(/^root=PARTUUID=[0-9a-f-]{36} ro quiet\n$/);
    expect(await preparedFile("etc/kernel/entry-token", {}, true)).toBe("debian\n");
  });

  it.each([
    ["unified images, and ukify to make them", UKIFY, true, "layout=uki\n"],
    ["unified images that later kernels cannot have", {}, true, undefined],
    ["no unified images", UKIFY, false, undefined],
    [
      "settings of the distribution",
      { ...UKIFY, "usr/lib/kernel/install.conf": "# x\nlayout=bls\ninitrd_generator=dracut" },
      true,
      "# x\ninitrd_generator=dracut\nlayout=uki\n",
    ],
    [
      "settings that somebody made",
      { ...UKIFY, "usr/lib/kernel/install.conf": "x=1", "etc/kernel/install.conf": "uki_generator=ukify\n" },
      true,
      "uki_generator=ukify\nlayout=uki\n",
    ],
  ])("tells kernel-install about %s", async (_, entries, isUnified, expected) => {
    expect(await preparedFile("etc/kernel/install.conf", entries, isUnified)).toBe(expected);
  });
});
