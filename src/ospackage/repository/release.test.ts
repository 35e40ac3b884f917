import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRepository } from "../../../test/fixtures/signed-repository.ts";
import { isComposerError } from "../../core/index.ts";
import { parseRelease } from "./release.ts";

const PACKAGES = { "main/binary-amd64/Packages": "", "main/binary-all/Packages": "" };

function releaseText(fields: Readonly<Record<string, string | undefined>> = {}): string {
  return planRepository({ packages: PACKAGES, fields }).release;
}

describe("parseRelease()", () => {
  it("reads what the metadata says", () => {
    const fields = { "Valid-Until": "Mon, 12 Jan 2026 12:00:00 UTC", "Acquire-By-Hash": "yes" };
    const release = parseRelease(releaseText(fields), "it");
    expect(release).toMatchObject({
      suite: "stable",
      codename: "trixie",
      dateSeconds: Date.UTC(2026, 0, 5, 12) / 1000,
      validUntilSeconds: Date.UTC(2026, 0, 12, 12) / 1000,
      acquireByHash: true,
      components: ["main", "contrib"],
      architectures: ["amd64", "arm64"],
    });
    expect([...release.files.keys()]).toHaveLength(4);
    expect(release.files.get("main/binary-amd64/Packages")?.sizeBytes).toBe(0);
  });

  it.each([
    ["amd64 arm64", undefined, false],
    ["all amd64", undefined, true],
    ["all amd64", "Packages", false],
  ])("tells whether %s with %s has packages for all in an index of their own", (architectures, noSupport, expected) => {
    const fields = { Architectures: architectures, "No-Support-for-Architecture-all": noSupport };
    expect(parseRelease(releaseText(fields), "it").separateAll).toBe(expected);
  });

  it.each([
    [{ SHA256: undefined, MD5Sum: " x", SHA1: " y" }, "REPOSITORY_WEAK_DIGEST"],
    [{ SHA256: undefined, MD5Sum: " x" }, "REPOSITORY_WEAK_DIGEST"],
    [{ SHA256: undefined }, "REPOSITORY_METADATA_INVALID"],
    [{ Date: undefined }, "REPOSITORY_METADATA_INVALID"],
    [{ Date: "yesterday" }, "REPOSITORY_METADATA_INVALID"],
    [{ Date: "Mon, 31 Feb 2026 12:00:00 UTC" }, "REPOSITORY_METADATA_INVALID"],
    [{ Date: "Mon, 05 Jan 2026 12:00:00 +0200" }, "REPOSITORY_METADATA_INVALID"],
    [{ "Valid-Until": "never" }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: "\n abc 1 main/x" }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} -1 main/x` }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} 99999999999999999999 main/x` }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} 1 ../x` }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} 1 /x` }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} 1 x?y` }, "REPOSITORY_METADATA_INVALID"],
    [{ SHA256: `\n ${"a".repeat(64)} 1 x\n ${"b".repeat(64)} 1 x` }, "REPOSITORY_METADATA_INVALID"],
    [{ Suite: "a\nSuite: b" }, "REPOSITORY_METADATA_INVALID"],
  ])("refuses %j", (fields, code) => {
    expect(() => parseRelease(releaseText(fields), "it")).toThrowError(expect.objectContaining({ code }));
  });

  it("refuses or reads any text, and fails in no other way", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom("Date: Mon, 05 Jan 2026 12:00:00 UTC", "SHA256:", ` ${"a".repeat(64)} 12 main/x`, "", "Suite: x"),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          expect(Number.isFinite(parseRelease(lines.join("\n"), "it").dateSeconds)).toBe(true);
        } catch (error) {
          if (!isComposerError(error)) throw error;
        }
      }),
    );
  });
});
