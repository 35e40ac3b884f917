import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { licencesFromCopyright } from "./licences-from-copyright.ts";
import { spdxLicenceOf } from "./spdx-licence-id.ts";

const FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

/** A copyright file with one Files paragraph for each licence. */
function copyright(...licences: string[]): string {
  const paragraphs = licences.map((licence, index) => `Files: ${index}/*\nCopyright: 2001 X\nLicense: ${licence}\n`);
  return [FORMAT, ...paragraphs, "License: Other-text\n this only explains\n"].join("\n");
}

describe("licencesFromCopyright()", () => {
  it.each([
    [["GPL-2+"], "GPL-2.0-or-later"],
    [["GPL-2+\n The text\n .\n of it", "Expat", "GPL-2+"], "GPL-2.0-or-later AND MIT"],
    [["GPL-1+ or Artistic"], "Artistic-1.0-Perl OR GPL-1.0-or-later"],
    [["GPL-1+ or Artistic", "Expat"], "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND MIT"],
    [["GPL-2 or Expat and ISC"], "GPL-2.0-only OR (ISC AND MIT)"],
    [["GPL-2 or Expat, and ISC"], "(GPL-2.0-only OR MIT) AND ISC"],
    [["Expat, ISC, or Zlib"], "(ISC AND MIT) OR Zlib"],
    [["LGPL-2.1+ and/or MPL-1.1"], "LGPL-2.1-or-later OR MPL-1.1"],
    [["GPL-2 with Linux-syscall-note exception"], "GPL-2.0-only WITH Linux-syscall-note"],
    [["Own-Words", "own-words"], "LicenseRef-Debian-own-words"],
    [["BSD-3-clause", "public-domain"], "BSD-3-Clause AND LicenseRef-Debian-public-domain"],
  ])("reads %j", (licences, expression) => {
    expect(licencesFromCopyright(copyright(...licences))).toBe(expression);
  });

  it("takes the header's licence when no Files paragraph follows", () => {
    expect(licencesFromCopyright(`${FORMAT}License: Expat\n`)).toBe("MIT");
  });

  it.each([
    ["free text", "This package is under the GPL, see /usr/share/common-licenses/GPL-2.\nLicense: GPL-2\n"],
    ["an empty file", ""],
    ["a paragraph without licence", `${copyright("Expat")}\nFiles: *\nCopyright: X\n`],
    [
      "a paragraph with text instead of a name",
      copyright("Expat", "Redistribution and use in source and binary forms"),
    ],
    ["an empty name", copyright("Expat", "\n text")],
  ])("knows nothing about %s", (_, text) => {
    expect(licencesFromCopyright(text)).toBeUndefined();
  });

  it("gives an expression of SPDX's grammar for any short names", () => {
    const name = fc.oneof(
      fc.constantFrom("GPL-2+", "Expat", "GPL-3+ with Bison exception", "BSD (3 clause)", "a+b", "LGPLv2.1+_or_X"),
      fc.stringMatching(/^[!-~]{1,12}$/),
    );
    const word = fc.constantFrom(" and ", " or ", ", and ", ", or ", ", ", " and/or ", " | ");
    const licence = fc.array(fc.tuple(name, word), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(licence, { minLength: 1, maxLength: 4 }), (licences) => {
        const lines = licences.map((parts) => parts.map(([id, join], i) => (i === 0 ? id : `${join}${id}`)).join(""));
        const expression = licencesFromCopyright(copyright(...lines));
        if (expression !== undefined) expect(isSpdxExpression(expression)).toBe(true);
      }),
    );
  });
});

describe("spdxLicenceOf()", () => {
  it.each([
    ["LGPL-2+", "LGPL-2.0-or-later"],
    ["LGPLv2.1", "LGPL-2.1-only"],
    ["GPL-3.0-or-later", "GPL-3.0-or-later"],
    ["gpl-2", "GPL-2.0-only"],
    ["AGPL-3+", "AGPL-3.0-or-later"],
    ["GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"],
    ["GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-2.0"],
    ["GPL-3+ with Autoconf-data exception", "GPL-3.0-or-later WITH Autoconf-exception-3.0"],
    ["GPL-2+ with OpenSSL exception", "LicenseRef-Debian-gpl-2-plus-with-openssl-exception"],
    ["GPL-4", "LicenseRef-Debian-gpl-4"],
    ["GPL-NIV-2", "LicenseRef-Debian-gpl-niv-2"],
    ["constructor", "LicenseRef-Debian-constructor"],
  ])("gives the identifier of %s", (name, identifier) => {
    expect(spdxLicenceOf(name, "Debian")).toBe(identifier);
  });
});

/** Reduces an expression until one term is left. @see SPDX 2.3, annex D */
function isSpdxExpression(expression: string): boolean {
  let rest = expression.replace(/[A-Za-z0-9][A-Za-z0-9.-]*/g, (word) => (/^(AND|OR|WITH)$/.test(word) ? word : "x"));
  for (let before = ""; before !== rest;) {
    before = rest;
    rest = rest
      .replace(/x WITH x/g, "x")
      .replace(/x (AND|OR) x/g, "x")
      .replace(/\(x\)/g, "x");
  }
  return rest === "x";
}
