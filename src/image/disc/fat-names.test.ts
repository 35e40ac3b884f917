import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planNames } from "./fat-names.ts";

/** Short names as directory listings show them. */
function aliases(...names: readonly string[]): string[] {
  return planNames(names, "/").map(({ short }) => {
    const [base, extension] = [short.toString("latin1", 0, 8).trimEnd(), short.toString("latin1", 8).trimEnd()];
    return extension === "" ? base : `${base}.${extension}`;
  });
}

describe("planNames()", () => {
  it("writes a name of 8.3 upper-case characters as it is, without a long name", () => {
    expect(planNames(["BOOTX64.EFI", "EFI"], "/").map(({ long }) => long)).toEqual([undefined, undefined]);
    expect(aliases("BOOTX64.EFI", "EFI")).toEqual(["BOOTX64.EFI", "EFI"]);
  });

  it("keeps the case of other names in a long name, and gives no number where upper case says it all", () => {
    expect(planNames(["linux"], "/")[0]?.long).toBe("linux");
    expect(aliases("linux", "loader.cfg")).toEqual(["LINUX", "LOADER.CFG"]);
  });

  it("numbers aliases that lose something", () => {
    expect(aliases("systemd-bootx64.efi", "loader.conf", "a+b.txt", ".hidden", "a.b.c", "Ünïcode näme.txt")).toEqual([
      "SYSTEM~1.EFI",
      "LOADER~1.CON",
      "A_B~1.TXT",
      "HIDDEN~1",
      "AB~1.C",
      "_N_COD~1.TXT",
    ]);
  });

  it("gives no alias twice, and none that is the name of another", () => {
    const many = Array.from({ length: 12 }, (_, index) => `initrd.img-${index}`);
    expect(aliases("INITRD~1.IMG", ...many).slice(0, 3)).toEqual(["INITRD~1.IMG", "INITRD~2.IMG", "INITRD~3.IMG"]);
  });

  it.each(["", ".", "..", "a/b", "a\\b", "a:b", "a*", "tab\t", "end.", "end ", "x".repeat(256), "\ud800"])(
    "refuses %j",
    (name) => {
      expect(() => planNames([name], "/EFI")).toThrow(expect.objectContaining({ code: "IMAGE_PLAN_INVALID" }));
    },
  );

  it("refuses names that differ in case only", () => {
    expect(() => planNames(["Linux", "linux"], "/")).toThrow('"Linux" is the same name to FAT');
  });

  it("gives every name of a directory an alias of its own, of legal characters", () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9 ._~+äß-]{0,14}[a-z0-9]$/);
    const names = fc.uniqueArray(name, { selector: (text) => text.toUpperCase(), maxLength: 40 });
    fc.assert(
      fc.property(names, (list) => {
        const shorts = planNames(list, "/").map(({ short }) => short.toString("latin1"));
        expect(new Set(shorts).size).toBe(list.length);
        for (const short of shorts)
          expect(short).toMatch(/^[A-Z0-9!#$%&'()@^_`{}~-]+ *(?<=^.{8})[A-Z0-9!#$%&'()@^_`{}~-]* *$/);
      }),
    );
  });
});
