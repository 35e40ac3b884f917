import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/host/index.ts";
import { type FatNode, type FatOptions, writeFat } from "../../src/image/index.ts";

const MIB = 1024 * 1024;
const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8", TZ: "UTC" };

/** Every path of the tree below, with its content; lengths around the sizes of clusters. */
const FILES: Readonly<Record<string, Buffer>> = {
  "EFI/BOOT/BOOTX64.EFI": patterned(123_457),
  "EFI/systemd/systemd-bootx64.efi": patterned(4096),
  "loader/loader.conf": Buffer.from("timeout 3\n"),
  "loader/entries.srel": Buffer.from("type1\n"),
  "loader/entries/debian-6.12.48+deb13-amd64.conf": Buffer.from("title x\n"),
  "debian/6.12.48+deb13-amd64/linux": patterned(2_000_001),
  "debian/6.12.48+deb13-amd64/initrd.img-6.12.48+deb13-amd64": Buffer.alloc(70_000),
  "Ünïcode näme with spaces.txt": Buffer.from("u"),
  "a name of exactly 26 chars": patterned(511),
  "empty.file": Buffer.alloc(0),
  ...Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`many/long-name-number-${index}.txt`, patterned(index)]),
  ),
};

function patterned(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + length) % 251));
}

function treeOf(files: Readonly<Record<string, Buffer>>): FatNode[] {
  const names = new Set(Object.keys(files).map((name) => name.split("/", 1)[0] ?? ""));
  return [...names].map((name): FatNode => {
    const content = files[name];
    if (content !== undefined) {
      return {
        kind: "file",
        name,
        sizeBytes: content.length,
        content: async function* () {
          yield content;
        },
      };
    }
    const below = Object.entries(files).flatMap(([file, bytes]): [string, Buffer][] =>
      file.startsWith(`${name}/`) ? [[file.slice(name.length + 1), bytes]] : [],
    );
    return {
      kind: "directory",
      name,
      children: [...treeOf(Object.fromEntries(below)), { kind: "directory", name: "void", children: [] }],
    };
  });
}

let directory: string;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "disc-fat-"));
});

afterAll(() => {
  fs.rmSync(directory, { recursive: true });
});

async function make(name: string, options: Partial<FatOptions>, tree: readonly FatNode[]): Promise<string> {
  const image = path.join(directory, name);
  const all = { offsetBytes: 0, sizeBytes: 64 * MIB, hiddenSectors: 2048, type: "auto", ...options } as const;
  await using file = await nodeFiles.open(image, { create: true });
  await file.truncate(all.offsetBytes + all.sizeBytes);
  await writeFat(file, { volumeId: 0x1234abcd, label: "ESP", timeSeconds: 1_700_000_000, ...all }, tree);
  return image;
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", env, maxBuffer: 64 * MIB });
}

describe.each([
  ["FAT32 with clusters of one sector", { sizeBytes: 33 * MIB }],
  ["FAT32 with clusters of 4 KiB", { sizeBytes: 512 * MIB }],
  ["FAT32 behind a partition table", { sizeBytes: 64 * MIB, offsetBytes: MIB }],
  ["small FAT16", { sizeBytes: 8 * MIB }],
  ["large FAT16", { type: "fat16", sizeBytes: 600 * MIB }],
] as const)("%s", (title, options: Partial<FatOptions>) => {
  let image: string;
  /** As mtools names an image that begins inside of a file. */
  let drive: string;

  beforeAll(async () => {
    image = await make(title.replaceAll(" ", "-"), options, treeOf(FILES));
    drive = `${image}@@${options.offsetBytes ?? 0}`;
  });

  it("passes fsck.vfat", () => {
    const alone = path.join(directory, "alone");
    if (options.offsetBytes === undefined) fs.copyFileSync(image, alone);
    else fs.writeFileSync(alone, fs.readFileSync(image).subarray(options.offsetBytes));
    // Its banner and the summary, nothing to complain about.
    expect(run("fsck.vfat", "-n", alone)).toMatch(/^fsck\.fat [^\n]+\n[^\n]+: \d+ files, \d+\/\d+ clusters\n$/);
  });

  it("gives every file back through mtools, names and case kept", () => {
    const copy = fs.mkdtempSync(path.join(directory, "copy-"));
    execFileSync("mcopy", ["-s", "-n", "-i", drive, "::*", copy], { env, stdio: "pipe" });
    const found = fs
      .readdirSync(copy, { recursive: true, encoding: "utf8" })
      .filter((name) => fs.statSync(path.join(copy, name)).isFile());
    expect(found.sort()).toEqual(Object.keys(FILES).sort());
    for (const [name, content] of Object.entries(FILES)) {
      expect(fs.readFileSync(path.join(copy, name)).equals(content), name).toBe(true);
    }
  });

  it("shows its label, serial number and times", () => {
    const listing = run("mdir", "-i", drive, "::/loader");
    expect(listing).toContain("Volume in drive : is ESP");
    expect(listing).toContain("Volume Serial Number is 1234-ABCD");
    expect(listing).toMatch(/LOADER~1 CON +10 2023-11-14 +22:13 +loader\.conf/);
    expect(run("minfo", "-i", drive, "::")).toContain("hidden sectors: 2048");
  });

  it("can be written to by mtools and stays sound", () => {
    const grown = path.join(directory, "grown");
    fs.copyFileSync(image, grown);
    const target = `${grown}@@${options.offsetBytes ?? 0}`;
    run("mmd", "-i", target, "::/new-directory");
    run("mcopy", "-i", target, "/etc/passwd", "::/new-directory/one-more-file");
    run("mdel", "-i", target, "::/debian/6.12.48+deb13-amd64/linux");
    if (options.offsetBytes === undefined) run("fsck.vfat", "-n", grown);
    expect(run("mtype", "-i", target, "::/new-directory/one-more-file")).toBe(fs.readFileSync("/etc/passwd", "utf8"));
  });
});

describe("an empty file system without a label", () => {
  it("passes fsck.vfat", async () => {
    const image = await make("empty", { sizeBytes: 40 * MIB, label: "" }, []);
    expect(run("fsck.vfat", "-n", image)).toContain("0 files");
  });
});
