import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDebVersions } from "../../src/ospackage/index.ts";

const REAL = [
  "1:2.36-9+deb12u10",
  "2.36-9+deb12u9",
  "2.36-9+deb12u10",
  "252.39-1~deb12u2",
  "252.39-1",
  "6.1.0-13-1",
  "1.1.1w-0+deb11u1",
  "0.0~git20230101.abcdef-1",
  "0.0~git20230101.abcdef-1+b2",
  "7.88.1-10+deb12u5",
  "7.88.1-10",
  "1:9.2p1-2+deb12u2",
  "1:9.2p1-2",
  "5.2.15-2+b13",
  "5.2.15-2",
  "5.2.15",
  "4.0.33-1+really4.0.32-1",
  "0:5.2.15",
  "5.2.15-0",
  "2023.10.1~rc1~beta-3",
  "2023.10.1~rc1",
  "0",
];

/** Pairs that dpkg itself orders; one run of perl instead of one of dpkg for each. */
const ORACLE = `
  use Dpkg::Version;
  while (my $line = <STDIN>) {
    chomp $line;
    my ($a, $b) = split / /, $line;
    print version_compare($a, $b), "\\n";
  }`;

const generated = fc.sample(
  fc
    .tuple(
      fc.option(fc.nat(3)),
      fc.string({ unit: fc.constantFrom(..."00199aAbZ~.+-"), maxLength: 7 }),
      fc.option(fc.string({ unit: fc.constantFrom(..."019ab~.+"), minLength: 1, maxLength: 4 })),
    )
    .map(([epoch, upstream, revision]) =>
      [epoch === null ? "" : `${epoch}:`, "1", upstream, revision === null ? "" : `-${revision}`].join(""),
    )
    .filter((version) => !version.endsWith("-")),
  { numRuns: 4000, seed: 2 },
);

describe("compareDebVersions()", () => {
  it("orders real and generated versions as dpkg's own library does", () => {
    const pairs = REAL.flatMap((a) => REAL.map((b) => [a, b] as const));
    for (let index = 0; index + 1 < generated.length; index += 2) {
      pairs.push([generated[index] ?? "", generated[index + 1] ?? ""]);
    }
    const input = pairs.map((pair) => pair.join(" ")).join("\n");
    const expected = execFileSync("perl", ["-e", ORACLE], { input, encoding: "utf8" }).trim().split("\n").map(Number);
    expect(expected).toHaveLength(pairs.length);
    const wrong = pairs.filter(([a, b], index) => Math.sign(compareDebVersions(a, b)) !== expected[index]);
    expect(wrong).toEqual([]);
  });

  it("agrees with dpkg --compare-versions", () => {
    for (let index = 0; index + 1 < REAL.length; index += 1) {
      const [a = "", b = ""] = REAL.slice(index, index + 2);
      const operator = { "-1": "lt", "0": "eq", "1": "gt" }[String(Math.sign(compareDebVersions(a, b)))] ?? "";
      expect(() => execFileSync("dpkg", ["--compare-versions", a, operator, b])).not.toThrow();
    }
  });
});
