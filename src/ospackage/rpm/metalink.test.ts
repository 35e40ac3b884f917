import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ComposerError } from "../../core/index.ts";
import { parseMetalink } from "./metalink.ts";

const [OLD, NEW] = ["a".repeat(64), "b".repeat(64)];

/** As MirrorManager writes it. */
const METALINK = `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" pubdate="Mon, 05 Jan 2026 12:00:00 GMT" generator="mirrormanager" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>1767600000</mm0:timestamp>
   <size>1234</size>
   <verification>
    <hash type="md5">${"0".repeat(32)}</hash>
    <hash type="sha256">${NEW}</hash>
    <hash type="sha512">${"c".repeat(128)}</hash>
   </verification>
   <mm0:alternates>
    <mm0:alternate>
     <mm0:timestamp>1767500000</mm0:timestamp>
     <size>1200</size>
     <verification><hash type="sha256">${OLD}</hash></verification>
    </mm0:alternate>
   </mm0:alternates>
   <resources maxconnections="1">
    <url protocol="http" type="http" location="DE" preference="98">http://b.example/os/repodata/repomd.xml</url>
    <url protocol="rsync" type="rsync" location="DE" preference="100">rsync://a.example/os/repodata/repomd.xml</url>
    <url protocol="https" type="https" location="DE" preference="99">https://a.example/os/repodata/repomd.xml?a=1&amp;b</url>
    <url protocol="http" type="http" location="FR" preference="98">http://c.example/os/repodata/repomd.xml</url>
    <url>http://last.example/os/repodata/repomd.xml</url>
   </resources>
  </file>
 </files>
</metalink>
`;

const parse = (text: string) => parseMetalink(Buffer.from(text), "the mirror list");
const refused = (state: RegExp) =>
  expect.objectContaining({
    code: "REPOSITORY_METADATA_INVALID",
    message: expect.stringMatching(state) as string,
  }) as Error;

describe("parseMetalink()", () => {
  it("reads addresses by preference, and the strongest checksum of each version", () => {
    expect(parse(METALINK)).toEqual({
      urls: [
        "rsync://a.example/os/repodata/repomd.xml",
        "https://a.example/os/repodata/repomd.xml?a=1&b",
        "http://b.example/os/repodata/repomd.xml",
        "http://c.example/os/repodata/repomd.xml",
        "http://last.example/os/repodata/repomd.xml",
      ],
      versions: [
        { algorithm: "sha512", hex: "c".repeat(128) },
        { algorithm: "sha256", hex: OLD },
      ],
    });
  });

  it("takes no checksum that is weak, and none of alternates alone", () => {
    const weak = METALINK.replaceAll(/<hash type="sha(256|512)">[bc]+<\/hash>/g, "");
    expect(parse(weak).versions).toEqual([]);
    expect(parse(METALINK.replace(/<mm0:alternates>[^]*<\/mm0:alternates>/, "")).versions).toHaveLength(1);
  });

  it.each([
    ["another file", METALINK.replace("repomd.xml", "other.iso"), /has no file "repomd\.xml"/],
    ["two files", METALINK.replace("<files>", '<files><file name="repomd.xml"/>'), /two files "repomd\.xml"/],
    ["a digest that is none", METALINK.replace(NEW, "xyz"), /a sha256 hash is none/],
    ["form 4", METALINK.replace("http://www.metalinker.org/", "urn:ietf:params:xml:ns:metalink"), /the namespace/],
    ["another root", "<repomd></repomd>", /root element is not <metalink>/],
    ["entities", `<!DOCTYPE metalink [<!ENTITY a "b">]>${METALINK}`, /./],
    ["the first half", METALINK.slice(0, METALINK.length / 2), /ends within/],
  ])("refuses %s", (_, text, state) => {
    expect(() => parse(text)).toThrow(refused(state));
  });

  it("refuses what is no metalink with words, never otherwise", () => {
    const mutated = fc
      .tuple(fc.nat(METALINK.length), fc.nat(40), fc.string({ maxLength: 20 }))
      .map(([at, count, put]) => METALINK.slice(0, at) + put + METALINK.slice(at + count));
    fc.assert(
      fc.property(mutated, (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ComposerError);
        }
      }),
    );
  });
});
