import { describe, expect, it } from "vitest";
import { type HostFiles, nodeFiles } from "../../host/index.ts";
import { Positions } from "./positions.ts";
import { readDocument } from "./read-document.ts";

function read(content: Uint8Array) {
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream() {
      yield content;
    },
  };
  return readDocument(files, "/t.yml", "t.yml", "TEMPLATE_SYNTAX", new Positions());
}

describe("readDocument()", () => {
  it("passes over a byte order mark", async () => {
    expect((await read(Buffer.from("\ufeffa: 1\n"))).value).toEqual({ a: 1 });
  });

  it.each([
    ["little-endian", Buffer.from("\ufeffa: 1\n", "utf16le")],
    ["big-endian", Buffer.from("\ufeffa: 1\n", "utf16le").swap16()],
  ])("names UTF-16 that is %s", async (_, content) => {
    await expect(read(content)).rejects.toMatchObject({
      code: "TEMPLATE_SYNTAX",
      message: 'Cannot read "t.yml": it is not UTF-8 text',
      hint: "It is UTF-16: save it as UTF-8",
    });
  });

  it("refuses Latin-1 and what is too large", async () => {
    await expect(read(Buffer.from("a: \xe4", "latin1"))).rejects.toMatchObject({ code: "TEMPLATE_SYNTAX" });
    await expect(read(Buffer.alloc(2 ** 20 + 1, "#"))).rejects.toMatchObject({
      message: 'Cannot read "t.yml": it is larger than 1 MiB',
    });
  });
});
