import path from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeEntries, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { makePe, type PeOptions } from "../../../test/fixtures/make-pe.ts";
import { architectureOf } from "../../core/index.ts";
import type { FatNode } from "../disc/fat-layout.ts";
import { readPeFile } from "./pe-file.ts";
import { type EspOptions, planEsp } from "./plan-esp.ts";

const ENTRIES = {
  "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n',
  "boot/vmlinuz-6.12": "kernel",
  "boot/initrd.img-6.12": "initrd",
  "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader",
};

/** What is on the ESP of a tree, each file by its path. */
async function espOf(
  entries: FakeEntries,
  options: Partial<EspOptions> & { readonly arch?: string; readonly versions?: readonly string[] } = {},
): Promise<Map<string, Buffer>> {
  const { arch = "x86_64", versions = ["6.12"], ...rest } = options;
  const architecture = architectureOf(arch);
  if (architecture === undefined) throw new Error(`${arch} is unknown`);
  using tree = fakeTree(entries);
  const esp = await planEsp(tree.host, {
    root: tree.root,
    architecture,
    kernels: versions.map((version) => ({ version, initrd: path.join(tree.root, `built-${version}`) })),
    cmdline: "quiet",
    rootPartUuid: "00000000-0000-0000-0000-000000000001",
    ...rest,
  });
  // What a node holds is read when it is written: as long as the tree is there.
  return new Map(await filesOf(esp, ""));
}

async function filesOf(nodes: readonly FatNode[], parent: string): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = [];
  for (const node of nodes) {
    const name = `${parent}/${node.name}`;
    if (node.kind === "directory") {
      files.push(...(await filesOf(node.children, name)));
      continue;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of node.content()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    expect(bytes.length, name).toBe(node.sizeBytes);
    files.push([name, bytes]);
  }
  return files;
}

/** The boot entry on the ESP of a tree. */
async function entryOf(entries: FakeEntries, kernelName?: string): Promise<string | undefined> {
  const esp = await espOf(entries, kernelName === undefined ? {} : { kernelName });
  return esp.get("/loader/entries/debian-6.12.conf")?.toString();
}

const SBAT_HEADER = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md";
const STUB: PeOptions = {
  sections: [
    { name: ".text", content: "x".repeat(700) },
    { name: ".sbat", content: `${SBAT_HEADER}\nsystemd-stub,1,The systemd Developers,systemd,257,x\n` },
    { name: ".data", content: "data" },
  ],
};
const stubOf = (options: PeOptions): FakeEntries => ({
  "usr/lib/systemd/boot/efi/linuxx64.efi.stub": makePe(options),
});
const kernelOf = (options: PeOptions): FakeEntries => ({ "boot/vmlinuz-6.12": makePe(options) });
const WITHOUT_INITRD = Object.fromEntries(Object.entries(ENTRIES).filter(([name]) => !name.includes("initrd")));
const UNIFIED: FakeEntries = {
  ...WITHOUT_INITRD,
  "built-6.12": "built initrd",
  ...stubOf(STUB),
  ...kernelOf({}),
  "usr/lib/os-release": ENTRIES["etc/os-release"],
};
const IMAGE = "/EFI/Linux/debian-6.12.efi";

/** The sections of the unified kernel image of a tree, in order; without padding. */
async function unifiedOf(
  entries: FakeEntries,
  options: Parameters<typeof espOf>[1] = {},
): Promise<{ image: Buffer; texts: Record<string, string> }> {
  const image = (await espOf(entries, { ...options, isUnified: true })).get(IMAGE);
  if (image === undefined) throw new Error("there is no unified kernel image");
  const { sections } = readPeFile(image, image.length, IMAGE);
  const texts = sections.map(({ name, rawOffset, virtualSizeBytes }): [string, string] => [
    name,
    image.toString("latin1", rawOffset, rawOffset + virtualSizeBytes),
  ]);
  return { image, texts: Object.fromEntries(texts) };
}

describe("planEsp()", () => {
  it("names the system in the boot menu, and the kernel when it has a name", async () => {
    expect(await entryOf(ENTRIES)).toContain("title      Debian GNU/Linux 13 (trixie)\n");
    expect(await entryOf(ENTRIES, "rt")).toContain("title      Debian GNU/Linux 13 (trixie) (rt)\n");
  });

  it("refuses a tree without boot loader", async () => {
    const withoutLoader = Object.fromEntries(Object.entries(ENTRIES).filter(([name]) => !name.startsWith("usr/")));
    await expect(entryOf(withoutLoader)).rejects.toMatchObject({ code: "IMAGE_KERNEL_MISSING" });
  });
});

describe("planEsp() with unified kernel images", () => {
  it("has the boot loader and one program for each kernel, without type #1 entries", async () => {
    const other = { "boot/vmlinuz-6.1": makePe(), "built-6.1": "other initrd" };
    const esp = await espOf({ ...UNIFIED, ...other }, { isUnified: true, versions: ["6.12", "6.1"] });
    expect([...esp.keys()]).toEqual([
      "/EFI/BOOT/BOOTX64.EFI",
      "/EFI/Linux/debian-6.1.efi",
      "/EFI/Linux/debian-6.12.efi",
      "/EFI/systemd/systemd-bootx64.efi",
      "/loader/entries.srel",
      "/loader/loader.conf",
    ]);
  });

  it("holds what the kernel starts with, as it is", async () => {
    const { texts } = await unifiedOf(UNIFIED);
    expect(Object.keys(texts)).toEqual([
      ".text",
      ".sbat",
      ".data",
      ".osrel",
      ".cmdline",
      ".uname",
      ".linux",
      ".initrd",
    ]);
    expect(texts).toMatchObject({
      ".osrel": ENTRIES["etc/os-release"],
      ".cmdline": "root=PARTUUID=00000000-0000-0000-0000-000000000001 ro quiet",
      ".uname": "6.12",
      ".linux": makePe().toString("latin1"),
      ".initrd": "built initrd",
    });
  });

  it("prefers an initrd that a script left in the tree", async () => {
    const { texts } = await unifiedOf({ ...UNIFIED, "boot/initrd.img-6.12": "scripted" });
    expect(texts[".initrd"]).toBe("scripted");
  });

  it("names the kernel in the menu when it has a name", async () => {
    const { texts } = await unifiedOf(UNIFIED, { kernelName: "rt" });
    expect(texts[".osrel"]).toBe(`${ENTRIES["etc/os-release"]}PRETTY_NAME="Debian GNU/Linux 13 (trixie) (rt)"\n`);
  });

  it("gives a system without os-release the name that systemd-boot asks for", async () => {
    const { texts } = await unifiedOf(
      { ...UNIFIED, "usr/lib/os-release": "", "etc/os-release": "", "etc/kernel/entry-token": "debian\n" },
      {},
    );
    expect(texts[".osrel"]).toBe("NAME=Linux\nID=linux\nPRETTY_NAME=Linux\n");
  });

  it("takes the stub and the kernel of another architecture", async () => {
    const arm = makePe({ machine: 0xaa64 });
    const esp = await espOf(
      {
        ...UNIFIED,
        "usr/lib/systemd/boot/efi/linuxaa64.efi.stub": arm,
        "usr/lib/systemd/boot/efi/systemd-bootaa64.efi": "loader",
        "boot/vmlinuz-6.12": arm,
      },
      { arch: "aarch64", isUnified: true },
    );
    expect([...esp.keys()]).toEqual(expect.arrayContaining(["/EFI/BOOT/BOOTAA64.EFI", IMAGE]));
    expect(esp.get(IMAGE)?.readUInt16LE(0x84)).toBe(0xaa64);
  });

  it("adds the kernel's lines and its own to the stub's for revocation", async () => {
    const kernel = kernelOf({ sections: [{ name: ".sbat", content: `${SBAT_HEADER}\nlinux,1,Linux,linux,6.12,y\n` }] });
    const { texts } = await unifiedOf({ ...UNIFIED, ...kernel });
    expect(texts[".sbat"]).toBe(
      [
        SBAT_HEADER,
        "systemd-stub,1,The systemd Developers,systemd,257,x",
        "linux,1,Linux,linux,6.12,y",
        "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/",
        "\0",
      ].join("\n"),
    );
  });

  it("adds the section for revocation to a stub that has none", async () => {
    const stub = stubOf({ sections: [{ name: ".text", content: "x".repeat(700) }] });
    const kernel = kernelOf({ sections: [{ name: ".sbat", content: `${SBAT_HEADER}\nlinux,1,Linux,linux,6.12,y\n` }] });
    const { texts } = await unifiedOf({ ...UNIFIED, ...stub, ...kernel });
    expect(Object.keys(texts).at(-1)).toBe(".sbat");
    expect(texts[".sbat"]).toBe(
      [
        SBAT_HEADER,
        "linux,1,Linux,linux,6.12,y",
        "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/",
        "\0",
      ].join("\n"),
    );
  });

  it("leaves a full section of the stub alone, unless the kernel has lines that belong there", async () => {
    const full = `${SBAT_HEADER}\n${"systemd-stub,1,x\n".repeat(25)}`;
    const stub = stubOf({ sections: [{ name: ".sbat", content: full }] });
    expect((await unifiedOf({ ...UNIFIED, ...stub })).texts[".sbat"]).toBe(full);
    const kernel = kernelOf({ sections: [{ name: ".sbat", content: `${SBAT_HEADER}\nlinux,1,Linux,linux,6.12,y\n` }] });
    await expect(unifiedOf({ ...UNIFIED, ...stub, ...kernel })).rejects.toThrow(/no room for the lines of the kernel/);
  });

  it.each([
    [0x160, 0x100, 0x160],
    [0x160, 0, 0x60],
    [0x60, 0x100, 0x60],
  ])("protects memory only when stub (%i) and kernel (%i) both can: %i", async (ofStub, ofKernel, expected) => {
    const changes = {
      ...stubOf({ ...STUB, dllCharacteristics: ofStub }),
      ...kernelOf({ dllCharacteristics: ofKernel }),
    };
    const { image } = await unifiedOf({ ...UNIFIED, ...changes });
    expect(readPeFile(image, image.length, IMAGE).dllCharacteristics).toBe(expected);
  });

  it("names the packages that bring a stub when there is none", async () => {
    await expect(unifiedOf({ ...WITHOUT_INITRD, ...kernelOf({}) })).rejects.toMatchObject({
      code: "IMAGE_KERNEL_MISSING",
      message: 'Cannot make a bootable image: "/usr/lib/systemd/boot/efi/linuxx64.efi.stub" is not in it',
      hint: expect.stringContaining('"systemd-boot-efi" of Debian') as string,
    });
  });

  it.each([
    ["a compressed kernel", { "boot/vmlinuz-6.12": "\u001f\u008b" + "x".repeat(100) }, /vmlinuz-6\.12.*no.*program/],
    ["a kernel for another processor", kernelOf({ machine: 0xaa64 }), /it is for another processor than .*stub"/],
    ["a stub that is a kernel's size", stubOf({ headersSizeBytes: 17 * 1024 ** 2 }), /which is no stub/],
    ["an empty stub", { "usr/lib/systemd/boot/efi/linuxx64.efi.stub": "" }, /its DOS header ends behind/],
  ])("refuses %s", async (_, change, message) => {
    const failure = expect(unifiedOf({ ...UNIFIED, ...change })).rejects;
    await failure.toMatchObject({ code: "IMAGE_PLAN_INVALID", message: expect.stringMatching(message) as string });
  });

  it("follows links within the tree, and never out of it", async () => {
    const inside = {
      ...UNIFIED,
      "usr/lib/modules/6.12/vmlinuz": makePe(),
      "boot/vmlinuz-6.12": { link: "/usr/lib/modules/6.12/vmlinuz" },
    };
    expect((await unifiedOf(inside)).texts[".linux"]).toBe(makePe().toString("latin1"));
    const outside = { ...UNIFIED, "boot/initrd.img-6.12": { link: "/etc/passwd" } };
    await expect(unifiedOf(outside)).rejects.toMatchObject({ code: "IMAGE_KERNEL_MISSING" });
  });
});
