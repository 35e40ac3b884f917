import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Architecture, architectureOf } from "../../src/core/index.ts";
import { nodeFiles } from "../../src/host/index.ts";
import { readPeFile } from "../../src/image/boot/pe-file.ts";
import { type FatNode, planEsp } from "../../src/image/index.ts";
import { makePe } from "../fixtures/make-pe.ts";
import { unpackDebianPackages } from "./disc-trixie-programs.ts";

const UNAME = "6.12.48+deb13-amd64";
const PARTITION = "8daf72bc-3907-5746-87ed-b027191ee9c1";
const CMDLINE = "console=ttyS0,115200 quiet";
const OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n';
/** As long as no alignment. */
const INITRD = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 31) % 251));
const EFI = "usr/lib/systemd/boot/efi";
const env = { ...process.env, LC_ALL: "C" };

let directory: string;
/** Of Debian 13: ukify and the module that it needs, and the programs for EFI of x86_64. */
let trixie: string;

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "uki-"));
  const packages = ["systemd-ukify", "python3-pefile", "systemd-boot-efi"];
  trixie = unpackDebianPackages(path.join(directory, "amd64"), packages, { architecture: "amd64" });
});

afterAll(() => {
  fs.rmSync(directory, { recursive: true });
});

/** What an image is made of: files, each with its place in a tree. */
interface Parts {
  readonly architecture: Architecture;
  readonly stub: Buffer;
  readonly kernel: Buffer;
}

function architectureNamed(name: string): Architecture {
  const architecture = architectureOf(name);
  if (architecture === undefined) throw new Error(`${name} is unknown`);
  return architecture;
}

/** The unified kernel image on the ESP of a tree with these parts, as a file. */
async function compose(name: string, { architecture, stub, kernel }: Parts, cmdline = CMDLINE): Promise<string> {
  const root = fs.mkdtempSync(path.join(directory, "tree-"));
  for (const [file, content] of Object.entries({
    [`${EFI}/linux${architecture.systemdEfi}.efi.stub`]: stub,
    [`${EFI}/systemd-boot${architecture.systemdEfi}.efi`]: "boot loader",
    "usr/lib/os-release": OS_RELEASE,
    "etc/os-release": OS_RELEASE,
    [`boot/vmlinuz-${UNAME}`]: kernel,
    initrd: INITRD,
  })) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content);
  }
  const options = {
    root,
    architecture,
    kernels: [{ version: UNAME, initrd: path.join(root, "initrd") }],
    cmdline,
    rootPartUuid: PARTITION,
    isUnified: true,
  };
  const image = path.join(directory, `${name}.efi`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of fileAt(await planEsp({ files: nodeFiles }, options), `EFI/Linux/debian-${UNAME}.efi`)) {
    chunks.push(chunk);
  }
  fs.writeFileSync(image, Buffer.concat(chunks));
  return image;
}

function fileAt(nodes: readonly FatNode[], file: string): AsyncIterable<Uint8Array> {
  const [first = "", ...rest] = file.split("/");
  const node = nodes.find(({ name }) => name === first);
  if (node?.kind === "directory") return fileAt(node.children, rest.join("/"));
  if (node?.kind !== "file") throw new Error(`there is no ${file}`);
  return node.content();
}

/** What ukify makes of the same. */
function ukify(name: string, { stub, kernel }: Parts, cmdline = CMDLINE): string {
  const work = fs.mkdtempSync(path.join(directory, "ukify-"));
  const write = (file: string, content: string | Buffer): string => {
    fs.writeFileSync(path.join(work, file), content);
    return path.join(work, file);
  };
  const output = path.join(directory, `${name}.ukify.efi`);
  const argv = [
    path.join(trixie, "usr/lib/systemd/ukify"),
    "build",
    `--stub=${write("stub", stub)}`,
    `--linux=${write("linux", kernel)}`,
    `--initrd=${write("initrd", INITRD)}`,
    `--os-release=@${write("os-release", OS_RELEASE)}`,
    `--cmdline=root=PARTUUID=${PARTITION} ro ${cmdline}`,
    `--uname=${UNAME}`,
    `--output=${output}`,
  ];
  const python = { ...env, PYTHONPATH: path.join(trixie, "usr/lib/python3/dist-packages") };
  execFileSync("/usr/bin/python3", argv, { env: python, stdio: "pipe" });
  return output;
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", env, maxBuffer: 64 * 1024 ** 2, stdio: "pipe" });
}

/** The columns of `objdump -h`: sizes, addresses and offsets. */
function sectionsOf(image: string): { name: string; size: number; address: number; offset: number }[] {
  const rows = run("objdump", "-h", image).matchAll(/^ +\d+ (\S+) +(\w+) {2}(\w+) {2}\w+ {2}(\w+)/gm);
  return [...rows].map(([, name = "", ...numbers]) => {
    const [size = 0, address = 0, offset = 0] = numbers.map((number) => Number.parseInt(number, 16));
    return { name, size, address, offset };
  });
}

/** What objcopy says is in a section. */
function contentOf(image: string, section: string): Buffer {
  const [content, copy] = [path.join(directory, "content"), path.join(directory, "copy")];
  run("objcopy", "--dump-section", `${section}=${content}`, image, copy);
  return fs.readFileSync(content);
}

/** Offset of the first byte that differs; undefined when none does. */
function firstDifference(a: string, b: string): number | undefined {
  const [left, right] = [fs.readFileSync(a), fs.readFileSync(b)];
  if (left.equals(right)) return undefined;
  const index = left.findIndex((byte, at) => byte !== right[at]);
  return index === -1 ? left.length : index;
}

/** Stub and a kernel of an architecture: a real program for EFI with lines in ".sbat", as later kernels have them. */
function partsOf(root: string, name: string): Parts {
  const architecture = architectureNamed(name);
  const read = (file: string) => fs.readFileSync(path.join(root, EFI, file));
  return {
    architecture,
    stub: read(`linux${architecture.systemdEfi}.efi.stub`),
    kernel: read(`systemd-boot${architecture.systemdEfi}.efi`),
  };
}

describe.each(["x86_64", "aarch64"])("a unified kernel image for %s", (name) => {
  let parts: Parts;
  let image: string;

  beforeAll(async () => {
    const arm = { architecture: "arm64" };
    const root =
      name === "x86_64" ? trixie : unpackDebianPackages(path.join(directory, "arm64"), ["systemd-boot-efi"], arm);
    parts = partsOf(root, name);
    image = await compose(name, parts);
  });

  it("is byte for byte what ukify makes", () => {
    expect(firstDifference(image, ukify(name, parts))).toBeUndefined();
  });

  it("keeps white space between quotes in the command line, which ukify folds", async () => {
    const cmdline = 'dyndbg="file a.c  +p"';
    const [ours, theirs] = [await compose("quoted", parts, cmdline), ukify("quoted", parts, cmdline)].map((file) =>
      fs.readFileSync(file, "latin1"),
    );
    expect(ours).toContain(`ro ${cmdline}\0`);
    expect(theirs).toContain(`ro ${cmdline.replace("  ", " ")}\0`);
  });

  it("is the same when the stub was signed", async () => {
    const stub = path.join(directory, `stub-${name}`);
    fs.writeFileSync(stub, parts.stub);
    const signed = sign(stub);
    expect(fs.statSync(signed).size).toBeGreaterThan(parts.stub.length);
    const other = await compose(`signed-stub-${name}`, { ...parts, stub: fs.readFileSync(signed) });
    expect(firstDifference(image, other)).toBeUndefined();
    expect(spawnSync("sbverify", ["--list", image], { encoding: "utf8" }).stderr).toMatch(/No signature table present/);
  });

  it("can be signed, and the signature covers all of it", () => {
    const signed = sign(image);
    expect(verify(signed)).toMatchObject({ status: 0, stdout: "Signature verification OK\n" });
    const bytes = fs.readFileSync(signed);
    for (const offset of [
      parts.stub.length - 1,
      bytes.indexOf(PARTITION),
      bytes.indexOf(INITRD.subarray(0, 64)) + 2_999_999,
    ]) {
      const changed = Buffer.from(bytes);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      fs.writeFileSync(`${signed}.changed`, changed);
      expect(verify(`${signed}.changed`).status, String(offset)).not.toBe(0);
    }
  });
});

describe("a unified kernel image", () => {
  it("is read by objdump and objcopy, every section at its place", async () => {
    const parts = partsOf(trixie, "x86_64");
    const image = await compose("objdump", parts);
    const sections = sectionsOf(image);
    expect(sections.map((section) => section.name)).toEqual([
      ...[".text", ".rodata", ".data", ".sbat", ".sdmagic", ".reloc"],
      ...[".osrel", ".cmdline", ".uname", ".linux", ".initrd"],
    ]);
    const header = run("objdump", "-p", image);
    const field = (field: string) =>
      Number.parseInt(new RegExp(`^${field}\\s+(\\w+)`, "m").exec(header)?.[1] ?? "", 16);
    expect([field("SectionAlignment"), field("FileAlignment")]).toEqual([0x1000, 0x200]);
    const base = field("ImageBase");
    const memoryEnd = sections.reduce((end, { address, size, offset }) => {
      expect(address).toBe(end);
      expect(address % 0x1000).toBe(0);
      expect(offset % 0x200).toBe(0);
      return Math.ceil((address + size) / 0x1000) * 0x1000;
    }, base + 0x1000);
    expect(field("SizeOfImage")).toBe(memoryEnd - base);
    const contents: Record<string, Buffer> = {
      ".osrel": Buffer.from(OS_RELEASE),
      ".cmdline": Buffer.from(`root=PARTUUID=${PARTITION} ro ${CMDLINE}`),
      ".uname": Buffer.from(UNAME),
      ".linux": parts.kernel,
      ".initrd": INITRD,
    };
    for (const [section, content] of Object.entries(contents)) {
      expect(contentOf(image, section).equals(content), section).toBe(true);
    }
  });
});

describe("a unified kernel image with the stub of Debian 12", () => {
  it("differs from ukify's in the section .sbat only, which ukify lets run into the next one", async () => {
    const root = unpackDebianPackages(path.join(directory, "12"), ["systemd-boot-efi"], {
      suite: "bookworm",
      architecture: "amd64",
    });
    const stub = fs.readFileSync(path.join(root, EFI, "linuxx64.efi.stub"));
    const parts = { architecture: architectureNamed("x86_64"), stub, kernel: makePe() };
    const [ours, theirs] = [await compose("bookworm", parts), ukify("bookworm", parts)].map(sectionsOf);
    const others = (sections = ours) => sections?.filter(({ name }) => name !== ".sbat");
    expect(others(ours)).toEqual(others(theirs));
    const endOfSbat = (sections = ours) => {
      const { address, size } = sections?.find(({ name }) => name === ".sbat") ?? { address: 0, size: 0 };
      return address + size;
    };
    const next = ours?.find(({ name }) => name === ".sdmagic")?.address ?? 0;
    expect(endOfSbat(ours)).toBeLessThanOrEqual(next);
    expect(endOfSbat(theirs)).toBeGreaterThan(next);
  });

  it("for aarch64 has the sections of ukify's, which keeps symbols behind the stub", async () => {
    const arm = { suite: "bookworm", architecture: "arm64" };
    const parts = partsOf(unpackDebianPackages(path.join(directory, "12-arm64"), ["systemd-boot-efi"], arm), "aarch64");
    const images = [await compose("bookworm-arm64", parts), ukify("bookworm-arm64", parts)];
    // This stub was assembled, not linked: objdump and objcopy don't read it, and its headers are full of instructions.
    const [ours, theirs] = images.map((image) => {
      const bytes = fs.readFileSync(image);
      return readPeFile(bytes, bytes.length, image).sections.map(({ rawOffset, headerOffset, ...section }) => ({
        ...section,
        content: bytes.toString("latin1", rawOffset, rawOffset + section.virtualSizeBytes),
        relocations: bytes.subarray(headerOffset + 24, headerOffset + 40).toString("hex"),
      }));
    });
    expect(ours?.map((section) => section.name)).toContain(".initrd");
    expect(ours).toEqual(theirs);
  });
});

/** Signs a program for EFI with a key that nobody keeps. @returns the signed file */
function sign(file: string): string {
  const [key, certificate] = [path.join(directory, "db.key"), path.join(directory, "db.crt")];
  if (!fs.existsSync(key)) {
    const subject = ["-subj", "/CN=throw-away", "-days", "2", "-keyout", key, "-out", certificate];
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject);
  }
  run("sbsign", "--key", key, "--cert", certificate, "--output", `${file}.signed`, file);
  return `${file}.signed`;
}

function verify(file: string) {
  return spawnSync("sbverify", ["--cert", path.join(directory, "db.crt"), file], { encoding: "utf8", env });
}
