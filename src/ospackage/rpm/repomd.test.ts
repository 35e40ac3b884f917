import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRepomd } from "./repomd.ts";

const SHA256 = "ab".repeat(32);
const SHA512 = "cd".repeat(64);
const OBJECT = '"http://x/repodata/repomd.xml"';

interface Parts {
  readonly location?: string;
  readonly checksum?: string;
  readonly rest?: string;
  readonly more?: string;
  readonly revision?: string;
}

function repomd(parts: Parts = {}): string {
  const {
    location = '<location href="repodata/p.xml.zst"/>',
    checksum = `<checksum type="sha256">${SHA256}</checksum>`,
    rest = "",
    more = "",
    revision = "<revision>7</revision>",
  } = parts;
  return `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
${revision}<tags><distro>x</distro></tags>
<data type="primary">${checksum}${location}${rest}</data>${more}
</repomd>`;
}

function parse(parts: Parts = {}) {
  return parseRepomd(repomd(parts), OBJECT);
}

describe("parseRepomd()", () => {
  it("gives every file with its digests and sizes", () => {
    const rest = `<open-checksum type="sha512">${SHA512.toUpperCase()}</open-checksum><size>12</size><open-size>99</open-size><timestamp>1700000000</timestamp><database_version>10</database_version>`;
    const more = `<data type='filelists'><location xml:base="https://m.example/r" href="f.xml"/><checksum type="sha256">${SHA256}</checksum><timestamp>1700000009.25</timestamp></data>`;
    expect(parse({ rest, more })).toEqual({
      revision: "7",
      timestampSeconds: 1_700_000_009,
      files: new Map([
        [
          "primary",
          {
            path: "repodata/p.xml.zst",
            checksum: { algorithm: "sha256", hex: SHA256 },
            sizeBytes: 12,
            openChecksum: { algorithm: "sha512", hex: SHA512 },
            openSizeBytes: 99,
          },
        ],
        [
          "filelists",
          { path: "f.xml", baseUrl: "https://m.example/r/", checksum: { algorithm: "sha256", hex: SHA256 } },
        ],
      ]),
    });
  });

  it("takes a revision for a time where it is one", () => {
    expect(parse({ revision: "<revision>1710000000</revision>" }).timestampSeconds).toBe(1_710_000_000);
    expect(parse({ revision: "<revision>3</revision>" }).timestampSeconds).toBeUndefined();
    expect(parse({ revision: "" })).toMatchObject({ revision: "" });
  });

  it("takes the strongest of several checksums", () => {
    const both = `<checksum type="sha">1</checksum><checksum type="sha256">${SHA256}</checksum><checksum type="sha512">${SHA512}</checksum>`;
    expect(parse({ checksum: both }).files.get("primary")?.checksum).toEqual({ algorithm: "sha512", hex: SHA512 });
    const sha384 = "c".repeat(96);
    const longer = `<checksum type="sha384">${sha384}</checksum><checksum type="sha256">${SHA256}</checksum>`;
    expect(parse({ checksum: longer }).files.get("primary")?.checksum).toEqual({ algorithm: "sha384", hex: sha384 });
  });

  it.each(["sha", "sha1", "md5", "SHA1"])("refuses the digest %s", (type) => {
    expect(() => parse({ checksum: `<checksum type="${type}">${"a".repeat(40)}</checksum>` })).toThrowError(
      expect.objectContaining({ code: "REPOSITORY_WEAK_DIGEST" }),
    );
  });

  const second = `<data type="primary"><location href="q"/><checksum type="sha256">${SHA256}</checksum></data>`;
  it.each<[string, Parts, string]>([
    ["a path that climbs", { location: '<location href="repodata/../../x"/>' }, "is missing or unsafe"],
    ["a climbing path by entity", { location: '<location href="&#46;&#x2e;/x"/>' }, "is missing or unsafe"],
    ["an absolute path", { location: '<location href="/etc/passwd"/>' }, "is missing or unsafe"],
    ["an address", { location: '<location href="http://evil/x"/>' }, "is missing or unsafe"],
    ["a percent sign that encodes nothing", { location: '<location href="100%/x"/>' }, "is missing or unsafe"],
    ["what is no UTF-8", { location: '<location href="%ff"/>' }, "is missing or unsafe"],
    ["an encoded path", { location: '<location href="%2e%2e/x"/>' }, "is missing or unsafe"],
    ["a query", { location: '<location href="x?y"/>' }, "is missing or unsafe"],
    ["no location", { location: "" }, "has no location"],
    ["two locations", { location: '<location href="a"/><location href="b"/>' }, "two locations"],
    ["a strange base", { location: '<location xml:base="ftp://x/" href="a"/>' }, "is unsafe"],
    ["no checksum", { checksum: "" }, "no sha256, sha384 or sha512"],
    ["a short checksum", { checksum: '<checksum type="sha256">ab</checksum>' }, "is none"],
    ["a size that is none", { rest: "<size>-1</size>" }, "impossible size"],
    ["a size twice", { rest: "<size>1</size><size>1</size>" }, "twice"],
    ["a type twice", { more: second }, 'two files of the type "primary"'],
    ["a document type", { more: "<!DOCTYPE x>" }, "document type"],
    ["an unknown entity", { revision: "<revision>&x;</revision>" }, "stands for no character"],
  ])("refuses %s", (_, parts, message) => {
    const act = (): unknown => parse(parts);
    expect(act).toThrowError(expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }));
    expect(act).toThrowError(`Cannot read ${OBJECT}: `);
    expect(act).toThrowError(message);
  });

  it("takes encoded characters in a location, which is appended as it is", () => {
    expect(parse({ location: '<location href="a%2Bb/%7ex"/>' }).files.get("primary")?.path).toBe("a%2Bb/%7ex");
  });

  const unused = (content: string, type = ' type="productid"'): string => `<data${type}>${content}</data>`;
  it.each<[string, string]>([
    ["a weak digest", unused('<checksum type="sha">aa</checksum><location href="x"/>')],
    ["no digest", unused('<location href="x"/>')],
    ["a digest that is none", unused('<checksum type="sha256">ab</checksum><location href="x"/>')],
    ["no location, two sizes", unused("<size>-1</size><size>1</size>")],
    ["an unsafe location", unused('<location href="../../x"/><location href="/y" xml:base="ftp://x"/>')],
    ["one type twice", unused("") + unused("")],
    ["no type", unused("", "")],
  ])("has nothing against %s of files that are not used", (_, more) => {
    expect(parse({ more })).toEqual(parse());
  });

  it("counts the times and the number of files that are not used", () => {
    expect(parse({ more: unused("<timestamp>1700000009</timestamp>") }).timestampSeconds).toBe(1_700_000_009);
    expect(() => parse({ more: unused("").repeat(1000) })).toThrowError("more than 1000 files");
    expect(() => parse({ more: "<data type='group'><a></data>" })).toThrowError("closes what is not open");
  });

  it("judges file lists as it does primary metadata", () => {
    const more = unused('<checksum type="sha">aa</checksum><location href="x"/>', ' type="filelists"');
    expect(() => parse({ more })).toThrowError(expect.objectContaining({ code: "REPOSITORY_WEAK_DIGEST" }));
    expect(() => parse({ more: unused("", ' type="filelists"') })).toThrowError("has no location");
  });

  it("refuses what is none", () => {
    expect(() => parseRepomd("", OBJECT)).toThrowError("it has no element");
    expect(() => parseRepomd("<html></html>", OBJECT)).toThrowError("its root element is not <repomd>");
    expect(() => parseRepomd("<repomd></repomd>", OBJECT)).toThrowError("it has no primary metadata");
    expect(() => parseRepomd(`${repomd()}<x/>`, OBJECT)).toThrowError("second root");
    expect(() => parseRepomd(repomd().slice(0, -9), OBJECT)).toThrowError("it ends within");
  });

  it("never fails in another way on changed text", () => {
    const text = repomd();
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(20), fc.string(), (at, dropped, inserted) => {
        try {
          parseRepomd(text.slice(0, at) + inserted + text.slice(at + dropped), OBJECT);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^REPOSITORY_(METADATA_INVALID|WEAK_DIGEST)$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
