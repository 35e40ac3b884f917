import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeControls, redact } from "./redact.ts";

describe("redact()", () => {
  it.each([
    ["GET http://user:pa@ss@host:80/debian/ failed", "GET http://***@host:80/debian/ failed"],
    ["https://token@host/x https://h/y", "https://***@host/x https://h/y"],
    ["https://h/p?a=1&access_token=abc&b=2", "https://h/p?a=1&access_token=***&b=2"],
    ["https://h/p?X-Amz-Signature=abc#f", "https://h/p?X-Amz-Signature=***#f"],
    ["Authorization: Bearer abc.def", "Authorization: ***"],
    ["password: hunter2, then", "password: ***, then"],
    ["root:$6$saltsalt$abcdefgh/IJKL.:20000:", "root:$6$***:20000:"],
    ["root:$y$j9T$abc$defghijkl:1", "root:$y$***:1"],
    [
      "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----!",
      "-----BEGIN OPENSSH PRIVATE KEY-----***!",
    ],
  ])("takes the secret out of %j", (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });

  it.each([
    "http://ftp.debian.org/debian trixie InRelease",
    "mail <somebody@example.org>, see https://example.org/@team/page",
    "git+ssh package libsecret-1-0, passwd 1:4.17, apt-transport@2",
    "costs $5 and $6",
  ])("leaves %j as it is", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("takes out known secrets, whatever they look like", () => {
    expect(redact("a.*b and a.*b", ["", "a.*b"])).toBe("*** and ***");
  });

  it("never shows the password of an address", () => {
    const password = fc.stringMatching(/^[A-Za-z0-9:@!$&*+,;=.-]{6,20}$/);
    fc.assert(fc.property(password, (secret) => !redact(`get https://u:${secret}@h/p`).includes(`:${secret}@`)));
  });
});

describe("escapeControls()", () => {
  it("leaves only what a terminal shows as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        return !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(escapeControls(text));
      }),
    );
  });

  it("names what it replaced", () => {
    expect(escapeControls("a\tb\nc\r\u001b[0m\u202ed é 漢")).toBe("a\\tb\\nc\\r\\x1b[0m\\u202ed é 漢");
  });
});
