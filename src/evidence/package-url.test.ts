import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPackageUrl } from "./package-url.ts";

describe("formatPackageUrl()", () => {
  it("encodes every part by the rules of package URLs", () => {
    const qualifiers = { distro: "debian-13", arch: "amd64", empty: "" };
    expect(
      formatPackageUrl({ type: "deb", namespace: "Debian", name: "libstdc++6", version: "1:14.2~rc1+b1", qualifiers }),
    ).toBe("pkg:deb/debian/libstdc%2B%2B6@1:14.2~rc1%2Bb1?arch=amd64&distro=debian-13");
  });

  it("gives every name and version back", () => {
    const text = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(text, text, (name, version) => {
        const match = /^pkg:deb\/debian\/([^@?#/]+)@([^@?#/]+)$/.exec(
          formatPackageUrl({ type: "deb", namespace: "debian", name, version }),
        );
        expect(match?.slice(1).map(decodeURIComponent)).toEqual([name, version]);
      }),
    );
  });
});
