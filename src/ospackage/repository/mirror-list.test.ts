import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ComposerError } from "../../core/index.ts";
import { parseMirrorList } from "./mirror-list.ts";

const parse = (text: string | Uint8Array) => parseMirrorList(Buffer.from(text), 'the mirror list "x"');
const urlsOf = (text: string): string[] => parse(text).map(({ url }) => url);

function metalink(urls: readonly string[], verification = ""): string {
  const resources = urls.map((url) => `<url protocol="http" preference="50">${url}</url>`).join("\n");
  return `<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="repomd.xml">
${verification}<resources>${resources}</resources></file></files></metalink>`;
}

describe("parseMirrorList()", () => {
  it("reads one address a line, without comments and blank lines, each once", () => {
    const text =
      "\uFEFF# repo = BaseOS\r\n\r\nhttp://a.example/os\r\n  https://b.example/os/  \r\n#x\rhttp://a.example/os/\n";
    expect(urlsOf(text)).toEqual(["http://a.example/os/", "https://b.example/os/"]);
  });

  it("passes over what is not to be asked", () => {
    const others = [
      "rsync://a.example/os/",
      "ftp://a.example/os/",
      "file:///etc/",
      "mirror+http://a.example/list",
      "http://user:secret@a.example/os/",
      "http://a.example/os/?path=",
      "http://a.example/os/#",
      "http://",
      "http://a.example/o s/",
      `http://a.example/${"o".repeat(5000)}`,
    ];
    expect(urlsOf([...others, "http://good.example/os"].join("\n"))).toEqual(["http://good.example/os/"]);
    expect(() => parse(others.join("\n"))).toThrow(/names no mirror by a plain http or https address$/);
  });

  it("takes the first 200 of many", () => {
    const many = Array.from({ length: 5000 }, (_, index) => `http://m${index}.example/`);
    expect(urlsOf(many.join("\n"))).toEqual(many.slice(0, 200));
  });

  it("reads a metalink: repositories, and what their repomd.xml may be", () => {
    const sha256 = "ab".repeat(32);
    const verification = `<verification><hash type="sha256">${sha256.toUpperCase()}</hash></verification>`;
    const urls = [
      "http://a.example/os/repodata/repomd.xml",
      "http://b.example/repomd.xml",
      "file:///os/repodata/repomd.xml",
    ];
    expect(parse(`\n${metalink(urls, verification)}`)).toEqual([
      { url: "http://a.example/os/", repomd: [{ algorithm: "sha256", hex: sha256 }] },
    ]);
    expect(parse(metalink(urls))).toEqual([{ url: "http://a.example/os/" }]);
  });

  it.each([
    ["nothing", "", /: it names no mirror$/],
    ["comments alone", "# none today\n", /: it names no mirror$/],
    ["a metalink without mirrors", metalink([]), /: it names no mirror$/],
    ["words", "http://a.example/\nBad repo - not in list\n", /its line 2 is no address$/],
    ["bytes", Buffer.from([0, 1, 2, 255]), /its line 1 is no address$/],
    ["a web page", "<!DOCTYPE html>\n<html><body>Log in</body></html>", /it is a web page$/],
    ["a web page without type", "\n<HTML>", /it is a web page$/],
    ["other XML", "<feed></feed>", /root element is not <metalink>/],
  ])("refuses %s", (_, text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: "REPOSITORY_METADATA_INVALID",
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });

  it("never gives anything but addresses of http and https", () => {
    const line = fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string(), fc.constant("file:///etc/passwd"));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          for (const { url } of parse(lines.join("\n"))) expect(url).toMatch(/^https?:\/\/[^?#\s]+\/$/);
        } catch (error) {
          if (!(error instanceof ComposerError)) throw error;
        }
      }),
    );
  });
});
