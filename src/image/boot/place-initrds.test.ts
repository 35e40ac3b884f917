import { lstatSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { belongsInTree, placeInitrds } from "./place-initrds.ts";

describe("placeInitrds()", () => {
  it("copies them to where their kernels are, and never out of the tree", async () => {
    using tree = fakeTree({
      built: "initrd",
      other: "not ours",
      "image/efi": { directory: true },
      "image/boot": { link: "/efi" },
      "image/efi/initrd.img-6.1": { link: "../../other" },
    });
    const initrd = path.join(tree.root, "built");
    const root = path.join(tree.root, "image");
    const kernels = [
      { version: "6.12", initrd },
      { version: "6.1", initrd },
    ];
    await placeInitrds(tree.host, root, kernels);
    expect(readFileSync(path.join(root, "efi/initrd.img-6.12"), "utf8")).toBe("initrd");
    expect(lstatSync(path.join(root, "efi/initrd.img-6.1")).isFile()).toBe(true);
    expect(readFileSync(path.join(tree.root, "other"), "utf8")).toBe("not ours");
  });

  it("refuses a tree that has no such directory", async () => {
    using tree = fakeTree({ built: "initrd" });
    const kernels = [{ version: "6.12", initrd: path.join(tree.root, "built") }];
    await expect(placeInitrds(tree.host, tree.root, kernels)).rejects.toMatchObject({
      code: "IMAGE_KERNEL_MISSING",
      message: 'Cannot make a bootable image: "/boot/initrd.img-6.12" is not in it',
    });
  });
});

describe("belongsInTree()", () => {
  it.each([
    ["a system that starts from /boot", false, {}, true],
    ["one that starts from unified kernel images", true, {}, false],
    ["one whose update-initramfs renews what is there", true, { "usr/sbin/update-initramfs": "" }, true],
  ])("%s", async (_, isUnified, program, expected) => {
    using tree = fakeTree(program);
    expect(await belongsInTree(tree.host, tree.root, { isUnified })).toBe(expected);
  });
});
