import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePe, PE_FIELDS } from "../../../test/fixtures/make-pe.ts";
import { isComposerError } from "../../core/index.ts";
import { readPeFile } from "./pe-file.ts";

const read = (bytes: Uint8Array) => readPeFile(bytes, bytes.length, "stub");

/** A program of which some bytes are others. */
function changed(...changes: readonly [offset: number, ...bytes: number[]][]): Buffer {
  const bytes = makePe();
  for (const [offset, ...values] of changes) bytes.set(values, offset);
  return bytes;
}

describe("readPeFile()", () => {
  it("reads headers and section table", () => {
    const pe = read(makePe());
    expect(pe).toMatchObject({ machine: 0x8664, sectionAlignment: 0x1000, fileAlignment: 0x200, directoryCount: 16 });
    const [first, second] = [PE_FIELDS.sections, PE_FIELDS.sections + 40];
    expect(pe.sections).toEqual([
      {
        name: ".text",
        virtualSizeBytes: 700,
        virtualAddress: 0x1000,
        rawSizeBytes: 0x400,
        rawOffset: 0x400,
        headerOffset: first,
      },
      {
        name: ".sdmagic",
        virtualSizeBytes: 34,
        virtualAddress: 0x2000,
        rawSizeBytes: 0x200,
        rawOffset: 0x800,
        headerOffset: second,
      },
    ]);
  });

  it("needs no more of a file than its headers", () => {
    const bytes = makePe();
    expect(readPeFile(bytes.subarray(0, 0x400), bytes.length, "kernel")).toEqual(read(bytes));
  });

  it.each([
    ["an empty file", Buffer.alloc(0), "its DOS header ends behind the end of the file"],
    ["a compressed kernel", Buffer.alloc(1000, 0x1f), "it does not begin as a program for EFI"],
    ["a header behind the end", changed([0x3c, 0xff, 0xff, 0xff, 0xff]), "its header ends behind the end of the file"],
    ["no signature", changed([PE_FIELDS.signature, 0]), "it has no PE header"],
    ["a program for 32 bits", changed([PE_FIELDS.optional, 0x0b, 0x01]), "it is no program for 64 bits"],
    [
      "more directories than there is room for",
      changed([PE_FIELDS.optional + 108, 0xff, 0xff, 0xff, 0xff]),
      "its optional header has no room for its data directories",
    ],
    ["an alignment of 0", changed([PE_FIELDS.optional + 36, 0, 0, 0, 0]), "0 is no alignment"],
    ["an alignment of 3 pages", changed([PE_FIELDS.optional + 32, 0, 0x30, 0, 0]), "12288 is no alignment"],
    ["an alignment of 2 GiB", changed([PE_FIELDS.optional + 32, 0, 0, 0, 0x80]), "2147483648 is no alignment"],
    ["65,535 sections", changed([PE_FIELDS.signature + 6, 0xff, 0xff]), "its section table ends behind the end"],
    ["headers shorter than their table", changed([PE_FIELDS.optional + 60, 1, 0]), "its section table is longer"],
    [
      "headers of 4 GiB",
      changed([PE_FIELDS.optional + 60, 0, 0, 0, 0xff]),
      "its headers end behind the end of the file",
    ],
    ["a section in the headers", changed([PE_FIELDS.sections + 20, 0, 0]), 'its section ".text" lies in its headers'],
    ["a section behind the end", changed([PE_FIELDS.sections + 18, 1]), 'its section ".text" ends behind the end'],
    [
      "a section that wraps around in memory",
      changed([PE_FIELDS.sections + 8, 0, 0xf0, 0xff, 0xff]),
      'its section ".text" ends behind 4 GiB',
    ],
  ])("refuses %s", (_, bytes, state) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({
        code: "IMAGE_PLAN_INVALID",
        message: expect.stringContaining(`Cannot use "stub" in a unified kernel image: ${state}`) as string,
      }),
    );
  });

  it("reads or refuses whatever it is given", () => {
    const good = makePe();
    const mutated = fc
      .array(fc.tuple(fc.nat(0x300), fc.nat(255)), { maxLength: 8 })
      .map((changes) => changed(...changes));
    const cut = fc.nat(good.length).map((length) => good.subarray(0, length));
    fc.assert(
      fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 500 })), (bytes) => {
        try {
          const { sections } = read(bytes);
          for (const { rawOffset, rawSizeBytes } of sections) {
            expect(rawSizeBytes === 0 || rawOffset + rawSizeBytes <= bytes.length).toBe(true);
          }
        } catch (error) {
          expect(isComposerError(error, "IMAGE_PLAN_INVALID"), String(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
