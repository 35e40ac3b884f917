import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../host/index.ts";
import { diskFormatOf } from "./disk-format.ts";

const directory = mkdtempSync(path.join(tmpdir(), "disk-format-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(content: Uint8Array, name = "disk"): string {
  const target = path.join(directory, name);
  writeFileSync(target, content);
  return target;
}

/** A disk of zeros with `bytes` at `offset`. */
function disk(bytes: string, offset = 0): Uint8Array {
  const content = Buffer.alloc(4096);
  content.write(bytes, offset, "latin1");
  return content;
}

const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * index * 31) % 251));

describe("diskFormatOf()", () => {
  it.each([
    ["raw", disk("")],
    ["qcow2", disk("QFI\u00fb")],
    ["vpc", disk("conectix")],
    ["vhdx", disk("vhdxfile")],
    ["vmdk", disk("KDMV")],
    ["vdi", disk("\u007f\u0010\u00da\u00be", 0x40)],
  ])("knows %s by its content", async (format, content) => {
    expect(await diskFormatOf(nodeFiles, file(content))).toBe(format);
  });

  it.each([
    ["gzip", gzipSync(noise)],
    ["zstd", zstdCompressSync(noise)],
    ["xz", disk("\u00fd7zXZ\u0000")],
    ["bzip2", disk("BZh9")],
  ])("refuses an image compressed by %s, and says how to unpack it", async (program, content) => {
    await expect(diskFormatOf(nodeFiles, file(content))).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining(`${program} -dk `) as string,
    });
  });

  it("follows symbolic links and refuses what is no disk", async () => {
    const link = path.join(directory, "link");
    symlinkSync(file(disk("QFI\u00fb")), link);
    expect(await diskFormatOf(nodeFiles, link)).toBe("qcow2");
    await expect(diskFormatOf(nodeFiles, directory)).rejects.toMatchObject({ code: "USAGE" });
    await expect(diskFormatOf(nodeFiles, file(Buffer.alloc(100)))).rejects.toMatchObject({ code: "USAGE" });
    const missing = path.join(directory, "missing");
    await expect(diskFormatOf(nodeFiles, missing)).rejects.toMatchObject({ code: "HOST_FILE_UNREADABLE" });
  });
});
