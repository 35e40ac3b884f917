import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { OpenFile } from "../../host/index.ts";
import { type FatNode, type FatOptions, writeFat } from "./write-fat.ts";

const MIB = 1024 * 1024;
const OFFSET = MIB;
const PIECE_BYTES = 1500;
const OPTIONS: FatOptions = {
  offsetBytes: OFFSET,
  sizeBytes: 40 * MIB,
  hiddenSectors: 2048,
  type: "fat32",
  volumeId: 0x1234abcd,
  label: "ESP",
  timeSeconds: 1_700_000_000,
};

/** A sparse file in memory that remembers what was written. */
function memoryFile(): OpenFile & { readonly writes: { offset: number; bytes: Buffer }[]; image(): Buffer } {
  const writes: { offset: number; bytes: Buffer }[] = [];
  return {
    writes,
    image: () => {
      const image = Buffer.alloc(OFFSET + OPTIONS.sizeBytes);
      for (const { offset, bytes } of writes) image.set(bytes, offset);
      return image.subarray(OFFSET);
    },
    readAt: async () => new Uint8Array(),
    writeAt: async (offset, content) => void writes.push({ offset, bytes: Buffer.from(content) }),
    truncate: async () => undefined,
    sync: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function file(name: string, content: Uint8Array | string): FatNode {
  const bytes = Buffer.from(content);
  return {
    kind: "file",
    name,
    sizeBytes: bytes.length,
    async *content() {
      for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES)
        yield bytes.subarray(offset, offset + PIECE_BYTES);
    },
  };
}

function directory(name: string, ...children: readonly FatNode[]): FatNode {
  return { kind: "directory", name, children };
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

type Tree = { [name: string]: Buffer | Tree };

/** Reads a FAT file system anew, by the boot sector, the second FAT and the long names alone. */
function readFat(image: Buffer): Tree {
  const [clusterSectors, reserved, fats, rootEntries] = [
    image.readUInt8(13),
    image.readUInt16LE(14),
    image.readUInt8(16),
    image.readUInt16LE(17),
  ];
  const isFat32 = image.readUInt16LE(22) === 0;
  const fatBytes = (isFat32 ? image.readUInt32LE(36) : image.readUInt16LE(22)) * 512;
  const fatOffset = reserved * 512;
  const rootOffset = fatOffset + fats * fatBytes;
  const dataOffset = rootOffset + rootEntries * 32;
  const clusterBytes = clusterSectors * 512;
  expect(image.subarray(fatOffset, fatOffset + fatBytes).equals(image.subarray(fatOffset + fatBytes, rootOffset))).toBe(
    true,
  );
  const next = (cluster: number): number =>
    isFat32
      ? image.readUInt32LE(fatOffset + fatBytes + cluster * 4)
      : image.readUInt16LE(fatOffset + fatBytes + cluster * 2);
  const end = isFat32 ? 0x0ffffff8 : 0xfff8;
  const chain = (first: number): Buffer => {
    const pieces: Buffer[] = [];
    for (let cluster = first; cluster >= 2 && cluster < end; cluster = next(cluster)) {
      pieces.push(image.subarray(dataOffset + (cluster - 2) * clusterBytes, dataOffset + (cluster - 1) * clusterBytes));
    }
    return Buffer.concat(pieces);
  };
  const readDirectory = (bytes: Buffer): Tree => {
    const tree: Tree = {};
    let long = "";
    for (let offset = 0; offset < bytes.length && bytes[offset] !== 0; offset += 32) {
      const entry = bytes.subarray(offset, offset + 32);
      const attribute = entry.readUInt8(11);
      if (attribute === 0x0f) {
        const part = Buffer.concat([entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)]);
        long =
          part
            .toString("utf16le")
            .split("\0", 1)[0]
            ?.replace(/\uffff+$/, "") + long;
        continue;
      }
      const short = [entry.toString("latin1", 0, 8).trimEnd(), entry.toString("latin1", 8, 11).trimEnd()];
      const name = long === "" ? short.filter((part) => part !== "").join(".") : long;
      long = "";
      if (attribute === 0x08 || name === "." || name === "..") continue;
      const first = (entry.readUInt16LE(20) << 16) | entry.readUInt16LE(26);
      tree[name] = attribute === 0x10 ? readDirectory(chain(first)) : chain(first).subarray(0, entry.readUInt32LE(28));
    }
    return tree;
  };
  return readDirectory(isFat32 ? chain(image.readUInt32LE(44)) : image.subarray(rootOffset, dataOffset));
}

function toTree(nodes: readonly FatNode[], contents: ReadonlyMap<FatNode, Buffer>): Tree {
  return Object.fromEntries(
    nodes.map((node) => [
      node.name,
      node.kind === "file" ? (contents.get(node) ?? Buffer.alloc(0)) : toTree(node.children, contents),
    ]),
  );
}

describe("writeFat()", () => {
  it("writes trees that read back the same", async () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9 _.~-]{0,30}[a-zA-Z0-9ü]$/).filter((text) => !/^\.+$/.test(text));
    const content = fc.uint8Array({ maxLength: 3000 });
    const { nodes } = fc.letrec<{ nodes: FatNode[]; node: FatNode }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.tuple(name, content).map(([fileName, bytes]) => file(fileName, bytes)),
        fc.tuple(name, tie("nodes")).map(([directoryName, children]) => directory(directoryName, ...children)),
      ),
      nodes: fc.uniqueArray(tie("node"), { selector: (node) => node.name.toUpperCase(), maxLength: 6 }),
    }));
    await fc.assert(
      fc.asyncProperty(nodes, fc.constantFrom("fat16", "fat32"), async (tree, type) => {
        const target = memoryFile();
        await writeFat(target, { ...OPTIONS, type }, tree);
        const contents = new Map<FatNode, Buffer>();
        const collect = async (list: readonly FatNode[]): Promise<void> => {
          for (const node of list) {
            if (node.kind === "directory") await collect(node.children);
            else contents.set(node, await readAll(node.content()));
          }
        };
        await collect(tree);
        expect(readFat(target.image())).toEqual(toTree(tree, contents));
      }),
      { numRuns: 40 },
    );
  });

  it("gives the same writes for the same tree in another order", async () => {
    const tree = [file("b", "2"), directory("EFI", file("long-name-2", "x"), file("long-name-1", "y")), file("a", "1")];
    const [one, other] = [memoryFile(), memoryFile()];
    await writeFat(one, OPTIONS, tree);
    await writeFat(other, OPTIONS, tree.toReversed());
    expect(other.writes).toEqual(one.writes);
  });

  it("leaves zeros and free space as holes", async () => {
    const target = memoryFile();
    await writeFat(target, OPTIONS, [file("zeros", new Uint8Array(5 * MIB)), file("end", "x")]);
    const written = target.writes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(written).toBeLessThan(128 * 1024);
    expect(Buffer.alloc(5 * MIB).equals(readFat(target.image())["zeros"] as Buffer)).toBe(true);
  });

  it("writes nothing outside of its place", async () => {
    const target = memoryFile();
    await writeFat(target, OPTIONS, [file("big", Buffer.alloc(39 * MIB, 1))]);
    for (const { offset, bytes } of target.writes) {
      expect(offset).toBeGreaterThanOrEqual(OFFSET);
      expect(offset + bytes.length).toBeLessThanOrEqual(OFFSET + OPTIONS.sizeBytes);
    }
  });

  it("says how much room a tree needs that does not fit, before it writes", async () => {
    const target = memoryFile();
    await expect(writeFat(target, OPTIONS, [file("big", Buffer.alloc(50 * MIB))])).rejects.toMatchObject({
      code: "IMAGE_TOO_SMALL",
      message: "Cannot fill the FAT file system: it has 40 MiB, its files need 51 MiB",
    });
    expect(target.writes).toEqual([]);
  });

  it.each([
    ["longer", 3, "more came"],
    ["shorter", 5, "only 4 came"],
  ])("refuses a file that is %s than it was said to be", async (_, sizeBytes, state) => {
    const liar: FatNode = {
      kind: "file",
      name: "x",
      sizeBytes,
      content: async function* () {
        yield Buffer.from("four");
      },
    };
    await expect(writeFat(memoryFile(), OPTIONS, [liar])).rejects.toThrow(state);
  });

  it("refuses a file beyond 4 GiB", async () => {
    const huge: FatNode = { kind: "file", name: "x", sizeBytes: 2 ** 32, content: async function* () {} };
    await expect(writeFat(memoryFile(), OPTIONS, [huge])).rejects.toMatchObject({ code: "IMAGE_PLAN_INVALID" });
  });

  it("refuses more names than the root directory of FAT16 takes", async () => {
    const many = Array.from({ length: 300 }, (_, index) => file(`lower-${index}`, ""));
    await expect(writeFat(memoryFile(), { ...OPTIONS, type: "fat16" }, many)).rejects.toMatchObject({
      code: "IMAGE_PLAN_INVALID",
    });
  });
});
