import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TagRecord, headerOf } from "../../../../test/fixtures/make-rpm-parts.ts";
import { isComposerError } from "../../../core/index.ts";
import { MAX_RPM_ITEMS, parseRpmHeader } from "./rpm-header.ts";

const TAGS: readonly TagRecord[] = [
  { tag: 1000, type: "string", values: ["näme"] },
  { tag: 1001, type: "int8", values: [1, 255] },
  { tag: 1002, type: "int16", values: [0xffff, 2] },
  { tag: 1003, type: "int32", values: [0xffffffff, 7, 0] },
  { tag: 1004, type: "int64", values: [2 ** 53 - 1] },
  { tag: 1005, type: "strings", values: ["", "b", ""] },
  { tag: 1006, type: "i18n", values: ["summary", "Zusammenfassung"] },
  { tag: 1007, type: "binary", values: Buffer.from([9, 0, 8]) },
];

const parse = (bytes: Uint8Array) => parseRpmHeader(bytes, "immutable", '"x.rpm"');
/** Where the index entry of the tag at a place in TAGS is; the region comes first. */
const entryAt = (index: number, field: number): number => 16 + 16 * (index + 1) + 4 * field;

describe("parseRpmHeader()", () => {
  it("looks tags up by their type", () => {
    const header = parse(headerOf(63, TAGS));
    expect(header.string(1000)).toBe("näme");
    expect(header.numbers(1001)).toEqual([1, 255]);
    expect(header.numbers(1002)).toEqual([0xffff, 2]);
    expect(header.numbers(1003)).toEqual([0xffffffff, 7, 0]);
    expect(header.number(1004)).toBe(2 ** 53 - 1);
    expect(header.strings(1005)).toEqual(["", "b", ""]);
    expect([header.text(1006), header.texts(1006)]).toEqual(["summary", ["summary", "Zusammenfassung"]]);
    expect([...(header.bytes(1007) ?? [])]).toEqual([9, 0, 8]);
    expect([header.has(1007), header.has(1008)]).toEqual([true, false]);
    expect([header.numbers(1), header.number(1), header.strings(1), header.text(1), header.bytes(1)]).toEqual([
      [],
      undefined,
      [],
      "",
      undefined,
    ]);
  });

  it("refuses a look-up by another type, what is no UTF-8 where it must be, and numbers beyond all measure", () => {
    const header = parse(
      headerOf(
        63,
        [...TAGS, { tag: 1100, type: "string", values: [] }, { tag: 1101, type: "int64", values: [2 ** 60] }].map(
          (tag) => (tag.tag === 1100 ? { tag: 1100, type: "binary", values: [1] } : tag),
        ) as readonly TagRecord[],
      ),
    );
    for (const look of [() => header.strings(1003), () => header.numbers(1000), () => header.bytes(1005)]) {
      expect(look).toThrowError(/has the type/);
    }
    expect(() => header.numbers(1101)).toThrowError("absurd");
    const latin1 = Buffer.from(headerOf(63, [{ tag: 1000, type: "string", values: ["abc"] }]));
    latin1[latin1.indexOf("abc")] = 0xe4;
    expect(() => parse(latin1).string(1000)).toThrowError("is not UTF-8");
    expect(parse(latin1).text(1000)).toBe("\ufffdbc");
  });

  const cases: [string, (bytes: Buffer) => void, string][] = [
    ["an offset beyond its data", (bytes) => bytes.writeUInt32BE(0x7fffffff, entryAt(3, 2)), "not within its header"],
    ["a negative offset", (bytes) => bytes.writeInt32BE(-4, entryAt(3, 2)), "not within its header"],
    ["an absurd count of numbers", (bytes) => bytes.writeUInt32BE(0x40000000, entryAt(3, 3)), "not within its header"],
    ["an absurd count of strings", (bytes) => bytes.writeUInt32BE(0xffffffff, entryAt(5, 3)), "not within its header"],
    ["more strings than its own", (bytes) => bytes.writeUInt32BE(4, entryAt(5, 3)), "overlaps"],
    ["no items", (bytes) => bytes.writeUInt32BE(0, entryAt(5, 3)), "not within its header"],
    ["two strings where one must be", (bytes) => bytes.writeUInt32BE(2, entryAt(0, 3)), "not within its header"],
    ["an unknown type", (bytes) => bytes.writeUInt32BE(10, entryAt(0, 1)), "not within its header"],
    ["the type of nothing", (bytes) => bytes.writeUInt32BE(0, entryAt(0, 1)), "not within its header"],
    [
      "a number at an odd place",
      (bytes) => bytes.writeUInt32BE(bytes.readUInt32BE(entryAt(3, 2)) + 1, entryAt(3, 2)),
      "not within",
    ],
    ["data that overlaps", (bytes) => bytes.writeUInt32BE(0, entryAt(5, 2)), "overlaps"],
    ["a tag twice", (bytes) => bytes.writeUInt32BE(1000, entryAt(1, 0)), "the tag 1000 twice"],
    ["a tag of no package", (bytes) => bytes.writeUInt32BE(99, entryAt(0, 0)), "a tag of its header is 99"],
    ["no region", (bytes) => bytes.writeUInt32BE(64, 16), "does not begin with its region"],
    ["a region of another type", (bytes) => bytes.writeUInt32BE(4, 20), "the region of a header is damaged"],
    ["a region that ends elsewhere", (bytes) => bytes.writeUInt32BE(0, 24), "the region of a header has no end"],
    ["a region behind its data", (bytes) => bytes.writeUInt32BE(0x10000000, 24), "the region of a header is damaged"],
    ["a region of fewer tags", (bytes) => bytes.writeInt32BE(-16, bytes.length - 8), "more than the region"],
    ["a region of more tags", (bytes) => bytes.writeInt32BE(-1600, bytes.length - 8), "damaged"],
    ["a region of half a tag", (bytes) => bytes.writeInt32BE(-8, bytes.length - 8), "damaged"],
  ];
  it.each(cases)("refuses %s", (_, change, message) => {
    const bytes = headerOf(63, TAGS);
    change(bytes);
    expect(() => parse(bytes)).toThrowError(message);
  });

  it("counts values without decoding them, and decodes no more than are wanted", () => {
    const header = parse(headerOf(63, TAGS));
    expect([1000, 1003, 1005, 1007, 1008].map((tag) => header.count(tag))).toEqual([1, 3, 3, 3, 0]);
    const second = headerOf(63, [{ tag: 1005, type: "strings", values: ["good", "bad"] }]);
    second[second.indexOf("bad")] = 0xe4;
    expect(parse(second).string(1005)).toBe("good");
    expect(() => parse(second).strings(1005)).toThrowError("is not UTF-8");
  });

  it("refuses more values than any package has, before it looks for them", () => {
    const texts = (tag: number, count: number): Buffer => {
      const bytes = headerOf(63, [{ tag, type: "binary", values: Buffer.alloc(count) }]);
      bytes.writeUInt32BE(8, entryAt(0, 1));
      return bytes;
    };
    expect(parse(texts(1117, MAX_RPM_ITEMS)).strings(1117).length).toBe(MAX_RPM_ITEMS);
    const code = "PACKAGE_TOO_LARGE";
    expect(() => parse(texts(1117, MAX_RPM_ITEMS + 1))).toThrowError(expect.objectContaining({ code }));
    const many = Array.from({ length: 17 }, (_, index): TagRecord => ({
      ...{ tag: 1000 + index, type: "binary", values: Buffer.alloc(MAX_RPM_ITEMS) },
    }));
    const bytes = headerOf(63, many);
    for (const index of many.keys()) bytes.writeUInt32BE(8, entryAt(index, 1));
    expect(() => parse(bytes)).toThrowError(/strings, and no more than/);
    const numbers = parse(headerOf(63, [{ tag: 1028, type: "int8", values: Buffer.alloc(MAX_RPM_ITEMS + 1) }]));
    expect(numbers.number(1028)).toBe(0);
    expect(() => numbers.numbers(1028)).toThrowError(expect.objectContaining({ code }));
  });

  it("refuses data that no tag is for behind its region, and tags that no signature is over", () => {
    const bytes = headerOf(63, TAGS, { dataBytes: 0 });
    expect(() => parse(Buffer.concat([bytes, Buffer.alloc(16)]))).toThrowError("more than the region");
    const text = headerOf(63, [{ tag: 1000, type: "string", values: ["x"] }]);
    text[text.indexOf("x") + 1] = 0x78;
    expect(() => parse(text)).toThrowError("not within its header");
  });

  it("takes a signature header without a region, and one that goes on behind it", () => {
    const bytes = headerOf(62, TAGS);
    bytes.writeUInt32BE(100, 16);
    bytes.writeUInt32BE(7, 20);
    bytes.writeUInt32BE(0, 24);
    bytes.writeUInt32BE(1, 28);
    expect(() => parseRpmHeader(bytes, "signatures", "x")).toThrowError("overlaps");
    const shorter = headerOf(62, TAGS);
    shorter.writeInt32BE(-32, shorter.length - 8);
    expect(parseRpmHeader(shorter, "signatures", "x").string(1000)).toBe("näme");
  });

  it("never gives anything but an answer or a refusal, whatever bytes are changed", () => {
    const good = headerOf(63, TAGS);
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(good);
        // The intro is checked by who reads the file.
        for (const [at, difference] of changes) if (at >= 16) bytes[at] = (bytes[at] ?? 0) ^ difference;
        try {
          const header = parse(bytes);
          for (const { tag } of TAGS) {
            for (const look of ["numbers", "strings", "bytes", "text"] as const) {
              try {
                header[look](tag);
              } catch (error) {
                if (!isComposerError(error, "PACKAGE_FORMAT_INVALID")) throw error;
              }
            }
          }
        } catch (error) {
          if (!isComposerError(error, "PACKAGE_FORMAT_INVALID")) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});
