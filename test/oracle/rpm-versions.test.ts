import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { compareEvrs, parseEvr } from "../../src/ospackage/rpm/compare-rpm-versions.ts";
import { parseRpmRelation } from "../../src/ospackage/rpm/rpm-relations.ts";
import { capabilitiesOverlap, readCapability } from "../../src/ospackage/rpm/rpm-capability.ts";
import { pick, seededRandom, type Random } from "./seeded-random.ts";

const RANDOM_PAIRS = 200_000;
const REAL_PAIRS = 2_000;
const RANGE_PAIRS = 20_000;

type Pair = readonly [string, string];

/** Versions of Fedora, Azure Linux, RHEL and openSUSE, of every shape that they have. */
const REAL = `
  6.6.57.1-6.azl3 6.6.57.1-1.azl3 2.38-8.azl3 1.1.1k-30.azl3 3.3.2-1.azl3 255-20.azl3 24.0-1.azl3 5.2.15-3.azl3 2.06-22.azl3
  5.14.0-503.11.1.el9_5 5.14.0-427.13.1.el9_4 1:3.0.7-27.el9 1:3.2.2-6.el9_5 2.34-125.el9_5.1 2.34-100.el9 252-46.el9_5.2
  6.11.4-301.fc41 6.11.3-300.fc41 6.12.0-0.rc1.20241001git123abc.13.fc42 6.12.0~rc1-1.fc42 1.0^20240101git1234567-1.fc41
  1.0~^20240101git1234567-1.fc41 1.0^git1-1 1.0.1-1 2.4.1^1.gabc123-3.fc40 2.4.1-3.fc40 2.4.1~beta2-1.fc40 2.4.1~rc1-0.1.fc40
  32:9.18.30-1.fc41 32:9.18.28-2.fc41 4:1.18.2-1 0:1.18.2-1 1.18.2-1 10:2.0-1 2:2.0-1 20240909a-1.fc41 20240909-1.fc41
  0.99.beta19-1 0.99.beta20-1 2024a-1.fc40 2024b-1.fc40 5.6.1-1 5.6.1-1.1 5.6.1-150600.1.2 5.6.1-150600.1.10 1.9.15p5-8.el10
  1.9.15p6-1 9.9p1-1 9.10p1-1 8.7p1-43.el9 8.7p1-38.el9_4.4 3.9.18-3.el9_4.6 3.9.21-1.el9 001-1 1-1 1-01 1_0-1 1.0-1 1..0-1
  1.0.-1 1.0a-1 1.0aa-1 1.0z-1 1.0Z-1 1.a-1 1a-1 a1-1 a-1 ~-1 ^-1 1~-1 1^-1 1~~-1 1^^-1 1~^-1 1^~-1 18446744073709551616-1
`;

/** Pairs that rpm's library orders; one run of rpm for all. */
function ordersOfRpm(pairs: readonly Pair[]): readonly number[] {
  return withFile(pairs.map((pair) => pair.join(" ")).join("\n"), (file) => {
    const program = `for line in io.lines("${file}") do
      local a, b = line:match("^(%S+) (%S+)$")
      print(rpm.vercmp(a, b) .. "\\n")
    end`;
    return lines(execFileSync("rpm", ["--eval", `%{lua:${program}}`], { encoding: "utf8", maxBuffer: 2 ** 24 })).map(
      Number,
    );
  });
}

describe("compareEvrs()", () => {
  it(`orders ${RANDOM_PAIRS} random pairs as rpm's own library does`, () => {
    const random = seededRandom(5);
    const pairs = Array.from({ length: RANDOM_PAIRS }, () => randomPair(random));
    const expected = ordersOfRpm(pairs);
    expect(expected).toHaveLength(pairs.length);
    expect(pairs.filter(([a, b], at) => Math.sign(compareEvrs(a, b)) !== expected[at])).toEqual([]);
    // Pairs far apart would prove little.
    expect(expected.filter((order) => order === 0).length).toBeGreaterThan(RANDOM_PAIRS / 100);
  });

  it(`orders ${REAL_PAIRS} pairs of versions of real packages as rpm does`, () => {
    const random = seededRandom(6);
    const versions = [...REAL.trim().split(/\s+/), ...debianVersions()];
    const pairs = Array.from({ length: REAL_PAIRS }, (): Pair => [pick(versions, random), pick(versions, random)]);
    const expected = ordersOfRpm(pairs);
    expect(pairs.filter(([a, b], at) => Math.sign(compareEvrs(a, b)) !== expected[at])).toEqual([]);
  });
});

/** Whether the ranges of two capabilities overlap, one pair a line, as \`op evr op evr\`. */
const RANGES_ORACLE = `
import rpm, sys
L, E, G = rpm.RPMSENSE_LESS, rpm.RPMSENSE_EQUAL, rpm.RPMSENSE_GREATER
SENSE = {"<": L, "<=": L | E, "=": E, ">=": G | E, ">": G}
for line in sys.stdin:
    a, v, b, w = line.split()
    print(int(rpm.ds(("n", SENSE[a], v), "Requires").Compare(rpm.ds(("n", SENSE[b], w), "Requires"))))
`;

describe("capabilitiesOverlap()", () => {
  it(`agrees with rpm on ${RANGE_PAIRS} pairs of ranges, with and without releases`, () => {
    const random = seededRandom(7);
    const operators = ["<", "<=", "=", ">=", ">"];
    const versions = ["1", "2", "1-1", "1-2", "2-1", "1:1", "1:1-1", "1~rc-1", "1^a", "0:1"];
    const ranges = (): readonly [string, string] => [pick(operators, random), pick(versions, random)];
    const pairs = Array.from({ length: RANGE_PAIRS }, () => [...ranges(), ...ranges()] as const);
    const input = pairs.map((pair) => pair.join(" ")).join("\n");
    const expected = lines(execFileSync("/usr/bin/python3", ["-c", RANGES_ORACLE], { input, encoding: "utf8" }));
    const ours = pairs.map(([a, v, b, w]) => {
      const [first, second] = [readCapability(`n ${a} ${v}`), readCapability(`n ${b} ${w}`)];
      return first !== undefined && second !== undefined && capabilitiesOverlap(first, second) ? "1" : "0";
    });
    expect(pairs.filter((_, at) => ours[at] !== expected[at])).toEqual([]);
  });
});

/** Whether rpmbuild accepts a rich dependency in Requires, or in Conflicts. */
const RICH = [
  "(a if b)",
  "(a if b else c)",
  "(a unless b)",
  "(a unless b else c)",
  "(a and b or c)",
  "(a and b and c)",
  "(a with b without c)",
  "(a without b)",
  "((a or b) with c)",
  "((a and b) with c)",
  "(a and (b if c))",
  "(a or (b unless c))",
  "(a)",
  "()",
  "(a >= 1 or b)",
  "(a if b if c)",
  "(a if (b or c))",
  "(a with b >= 2)",
  "(a b)",
  "(a >= 1-2 and (b < 2 if c) )",
  "(a without b without c)",
  "((a if b) with c)",
  "((a if b) if c)",
  "(a or b",
  "(/bin/sh or b)",
  "(a(x) or b)",
  "(a(x) = 1 or b)",
  "(a with (b and c))",
  "(a with (b or c))",
  "(a with (b without c))",
  "(a if (b if c) else d)",
  "( a or b )",
  "(a,b)",
  "(a or b,)",
  "(a or)",
  "(or)",
  "(a = )",
  "(a > 1 > 2)",
  "(a >= 1:2-3~4^5 or b)",
  "(a => 1 or b)",
  "(a == 1 or b)",
  "(a >=1 or b)",
  "((a or b) without c)",
  "(a with (b if c))",
  "((a unless b) or c)",
];

describe("parseRpmRelation()", () => {
  it.each(RICH)("reads %s when rpm does", (text) => {
    const accepted = ["Requires", "Conflicts"].some((tag) => rpmAccepts(tag, text));
    expect(parseRpmRelation(text).kind !== "malformed").toBe(accepted);
  });
});

function rpmAccepts(tag: string, text: string): boolean {
  const spec = `Name: x\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n${tag}: ${text}\n%description\nx\n`;
  return withFile(spec, (file) => {
    try {
      execFileSync("rpmspec", ["-P", file], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** Both with a release or both without: rpm's lua orders the others, which relations count as equal. */
function randomPair(random: Random): Pair {
  const hasRelease = random(2) === 0;
  const first = randomEvr(random, hasRelease);
  if (random(4) === 0) return [first, randomEvr(random, hasRelease)];
  const at = random(first.length + 1);
  const changed = first.slice(0, at) + randomText(random, random(3)) + first.slice(at + random(3));
  const isLike = changed !== "" && (parseEvr(changed).release !== undefined) === hasRelease && isEvr(changed);
  return [first, isLike ? changed : randomEvr(random, hasRelease)];
}

function randomEvr(random: Random, hasRelease: boolean): string {
  const epoch = random(4) === 0 ? `${random(3)}:` : "";
  const release = hasRelease ? `-${randomText(random, 1 + random(4))}` : "";
  return `${epoch}${randomText(random, 1 + random(9))}${release}`;
}

function randomText(random: Random, length: number): string {
  return Array.from({ length }, () => pick([..."000112899aAbzZ~~^^.._+"], random)).join("");
}

/** What rpm takes for a version: no empty part, no epoch that is no number. */
function isEvr(text: string): boolean {
  return /^(?:\d+:)?[^:-]+(?:-[^:-]+)?$/.test(text);
}

/** Of this host's packages, in RPM's form. */
function debianVersions(): readonly string[] {
  const shown = execFileSync("dpkg-query", ["--show", "--showformat=${Version}\\n"], { encoding: "utf8" });
  return lines(shown).map((version) => {
    const dash = version.lastIndexOf("-");
    const [upstream, release] = dash === -1 ? [version, "0"] : [version.slice(0, dash), version.slice(dash + 1)];
    return `${upstream.replaceAll("-", "_")}-${release}`;
  });
}

function withFile<T>(content: string, use: (file: string) => T): T {
  const directory = mkdtempSync(path.join(tmpdir(), "rpm-versions-"));
  try {
    const file = path.join(directory, "input.txt");
    writeFileSync(file, content);
    return use(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function lines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
