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
