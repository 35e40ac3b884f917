import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePe, PE_FIELDS } from "../../../test/fixtures/make-pe.ts";
import { isComposerError } from "../../core/index.ts";
import { appendPeSections, type NewSection, type Piece, sizeOf } from "./append-pe-sections.ts";
import { readPeFile } from "./pe-file.ts";

const GIB = 1024 ** 3;
const SECTIONS: readonly NewSection<string>[] = [
  { name: ".cmdline", content: [{ kind: "bytes", bytes: Buffer.from("quiet") }] },
  { name: ".linux", content: [{ kind: "file", reference: "vmlinuz", sizeBytes: 0x2345 }], isCode: true },
  { name: ".initrd", content: [{ kind: "file", reference: "initrd", sizeBytes: 0x400 }] },
];

function append(program: Buffer, sections: readonly NewSection<string>[] = SECTIONS): Piece<string>[] {
  return appendPeSections(program, readPeFile(program, program.length, "stub"), sections, "stub");
}

/** All bytes; those of files are "f". */
function bytesOf(pieces: readonly Piece<string>[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (piece.kind === "bytes" ? piece.bytes : Buffer.alloc(piece.sizeBytes, "f"))),
  );
}

describe("appendPeSections()", () => {
  it("puts sections behind those of the program, aligned in the file and in memory", () => {
    const bytes = bytesOf(append(makePe()));
    const { sections } = readPeFile(bytes, bytes.length, "image");
    const table = sections.map((section) =>
      [section.virtualSizeBytes, section.virtualAddress, section.rawSizeBytes, section.rawOffset]
        .map((value) => value.toString(16).padStart(5))
        .join(" ")
        .concat(` ${section.name}`),
    );
    expect(table).toEqual([
      "  2bc  1000   400   400 .text",
      "   22  2000   200   800 .sdmagic",
      "    5  3000   200   a00 .cmdline",
      " 2345  4000  2400   c00 .linux",
      "  400  7000   400  3000 .initrd",
    ]);
    expect(bytes.length).toBe(0x3400);
    expect(bytes.toString("latin1", 0xa00, 0xa06)).toBe("quiet\0");
    expect(bytes.readUInt32LE((sections[3]?.headerOffset ?? 0) + 36)).toBe(0x40000020);
    expect(bytes.readUInt32LE((sections[4]?.headerOffset ?? 0) + 36)).toBe(0x40000040);
  });

  it("corrects the headers: sizes, no checksum, no symbols", () => {
    const program = makePe();
    program.writeUInt32LE(0x1234, PE_FIELDS.symbolTable);
    program.writeUInt32LE(7, PE_FIELDS.symbolTable + 4);
    const bytes = bytesOf(append(program));
    const optional = (offset: number) => bytes.readUInt32LE(PE_FIELDS.optional + offset);
    expect(optional(8)).toBe(700 + 34 + 5 + 0x2345 + 0x400);
    expect(optional(56)).toBe(0x8000);
    expect(optional(60)).toBe(0x400);
    expect(optional(64)).toBe(0);
    expect([bytes.readUInt32LE(PE_FIELDS.symbolTable), bytes.readUInt32LE(PE_FIELDS.symbolTable + 4)]).toEqual([0, 0]);
  });

  it("drops a signature, which would no longer be right", () => {
    const signed = makePe({ certificates: Buffer.alloc(1000, "c") });
    const bytes = bytesOf(append(signed));
    expect(bytes.equals(bytesOf(append(makePe())))).toBe(true);
    expect(bytes.readUInt32LE(PE_FIELDS.certificateTable)).toBe(0);
  });

  it("leaves the program that it was given as it was", () => {
    const program = makePe();
    append(program);
    expect(program.equals(makePe())).toBe(true);
  });

  it("refuses headers without room for more sections, and uses all of the room that there is", () => {
    const room = Array.from({ length: 15 }, (_, index): NewSection<string> => ({ name: `.s${index}`, content: [] }));
    // Two of its own, 13 more: the table ends at 0x3f0.
    expect(() => append(makePe(), room.slice(0, 13))).not.toThrow();
    expect(() => append(makePe(), room.slice(0, 14))).toThrow(/its headers have no room for more sections/);
    const used = makePe();
    used[PE_FIELDS.sections + 3 * 40] = 1;
    expect(() => append(used)).toThrow(/its headers have no room for more sections/);
  });

  it("takes headers that an assembler for aarch64 filled with instructions that do nothing", () => {
    const program = makePe({ machine: 0xaa64 });
    const tableEnd = PE_FIELDS.sections + 2 * 40;
    program.fill(Buffer.from("1f2003d5", "hex"), tableEnd, 0x400);
    const headers = append(program)[0];
    if (headers?.kind !== "bytes") throw new Error("there are no headers");
    const added = Buffer.from(headers.bytes).subarray(tableEnd, tableEnd + 40);
    // No relocations, no line numbers.
    expect(added.subarray(24, 36).equals(Buffer.alloc(12))).toBe(true);
    program.writeUInt32LE(0xd503205f, tableEnd + 4);
    expect(() => append(program)).toThrow(/its headers have no room for more sections/);
  });

  it("refuses sections that are not aligned in the file", () => {
    const program = makePe();
    program.writeUInt32LE(0x3ff, PE_FIELDS.sections + 16);
    expect(() => append(program)).toThrow(/its section "\.text" is not aligned in the file/);
  });

  it("refuses what would be longer than 4 GiB", () => {
    const long: NewSection<string> = {
      name: ".initrd",
      content: [{ kind: "file", reference: "initrd", sizeBytes: 3 * GIB }],
    };
    expect(() => append(makePe(), [long])).not.toThrow();
    expect(() => append(makePe(), [long, long])).toThrow(/longer than 4 GiB/);
  });

  it("makes of any program that can be read one that can be read, or refuses it", () => {
    const mutation = fc.array(fc.tuple(fc.nat(0x3ff), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(mutation, (changes) => {
        const program = makePe();
        for (const [offset, value] of changes) program[offset] = value;
        try {
          const pieces = append(program);
          const bytes = bytesOf(pieces);
          expect(bytes.length).toBe(sizeOf(pieces));
          const names = readPeFile(bytes, bytes.length, "image").sections.map(({ name }) => name);
          expect(names.slice(-3)).toEqual([".cmdline", ".linux", ".initrd"]);
        } catch (error) {
          expect(isComposerError(error, "IMAGE_PLAN_INVALID"), String(error)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
