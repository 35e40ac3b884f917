import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeFiles } from "../../host/index.ts";
import { openImageTree } from "../os/image-tree.ts";
import { readFatTree } from "./read-fat-tree.ts";

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), "fat-tree-"));
  mkdirSync(path.join(tree, "boot/efi/EFI/BOOT"), { recursive: true });
  mkdirSync(path.join(tree, "boot/efi/keys"));
  writeFileSync(path.join(tree, "boot/efi/EFI/BOOT/mmx64.efi"), "MZ");
  writeFileSync(path.join(tree, "boot/efi/keys/db"), "key");
});
afterEach(() => rmSync(tree, { recursive: true }));

const host = { files: nodeFiles };
const read = (...mountPoints: readonly string[]) =>
  readFatTree(host, openImageTree(host, tree), "/boot/efi", mountPoints);

describe("readFatTree()", () => {
  it("finds what packages put there", async () => {
    const [efi, keys] = await read("/", "/boot/efi");
    expect(efi).toMatchObject({
      name: "EFI",
      children: [{ name: "BOOT", children: [{ kind: "file", name: "mmx64.efi", sizeBytes: 2 }] }],
    });
    expect(keys).toMatchObject({ kind: "directory", name: "keys", children: [{ name: "db", sizeBytes: 3 }] });
  });

  it("leaves what belongs to another partition to that", async () => {
    expect((await read("/boot/efi/keys")).map(({ name }) => name)).toEqual(["EFI"]);
  });

  it("finds nothing where there is nothing", async () => {
    expect(await readFatTree(host, openImageTree(host, tree), "/data", [])).toEqual([]);
  });

  it("never looks beyond the tree", async () => {
    mkdirSync(path.join(tree, "srv"));
    symlinkSync("/etc", path.join(tree, "srv/efi"));
    expect(await readFatTree(host, openImageTree(host, tree), "/srv/efi", [])).toEqual([]);
  });

  it("refuses a link by its place", async () => {
    symlinkSync("/etc/shadow", path.join(tree, "boot/efi/EFI/link"));
    await expect(read()).rejects.toMatchObject({
      code: "IMAGE_PLAN_INVALID",
      message: expect.stringContaining('"/boot/efi/EFI/link" is neither a file nor a directory') as string,
    });
  });
});
