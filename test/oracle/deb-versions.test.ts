import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { compareDebVersions, parseRelations } from "../../src/ospackage/index.ts";
import { pick, seededRandom, type Random } from "./seeded-random.ts";

const RANDOM_PAIRS = 200_000;
const REAL_PAIRS = 2_000;

type Pair = readonly [string, string];

/** Shapes that are rare among installed packages. */
const TRICKY = [
  "1:2.36-9+deb12u10",
  "2.36-9+deb12u9",
  "2.36-9+deb12u10",
  "252.39-1~deb12u2",
  "252.39-1",
  "0.0~git20230101.abcdef-1",
  "0.0~git20230101.abcdef-1+b2",
  "4.0.33-1+really4.0.32-1",
  "5.2.15-2+b13",
  "5.2.15",
  "0:5.2.15",
  "5.2.15-0",
  "005.02.15",
  "2023.10.1~rc1~beta-3",
  "2023.10.1~rc1",
  "0",
];

/** Pairs that dpkg's library orders; one run of perl instead of one of dpkg for each. */
const ORACLE = `
  use Dpkg::Version;
  while (my $line = <STDIN>) {
    chomp $line;
    my ($a, $b) = split / /, $line;
    print version_compare($a, $b), "\\n";
  }`;

describe("compareDebVersions()", () => {
  it(`orders ${RANDOM_PAIRS} random pairs as dpkg's own library does`, () => {
    const random = seededRandom(2);
    const pairs = Array.from({ length: RANDOM_PAIRS }, () => randomPair(random));
    const input = pairs.map((pair) => pair.join(" ")).join("\n");
    const output = execFileSync("perl", ["-e", ORACLE], { input, encoding: "utf8", maxBuffer: 2 ** 24 });
    const expected = output.trim().split("\n").map(Number);
    expect(expected).toHaveLength(pairs.length);
    expect(pairs.filter(([a, b], at) => sign(a, b) !== expected[at])).toEqual([]);
    // Pairs far apart would prove little.
    expect(expected.filter((order) => order === 0).length).toBeGreaterThan(RANDOM_PAIRS / 100);
  });

  it(`agrees with dpkg --compare-versions on ${REAL_PAIRS} pairs of versions and bounds of this host's packages`, () => {
    const operators: Readonly<Record<number, string>> = { [-1]: "lt", 0: "eq", 1: "gt" };
    const disagreed = realPairs().filter(([a, b]) => {
      return spawnSync("dpkg", ["--compare-versions", a, operators[sign(a, b)] ?? "", b]).status !== 0;
    });
    expect(disagreed).toEqual([]);
  });
});

function sign(a: string, b: string): number {
  return Math.sign(compareDebVersions(a, b));
}

/** Two versions; mostly the second is the first with a small change, since these are the hard ones. */
function randomPair(random: Random): Pair {
  const first = randomVersion(random);
  if (random(4) === 0) return [first, randomVersion(random)];
  const at = random(first.length + 1);
  const changed = first.slice(0, at) + randomText(random, random(3)) + first.slice(at + random(3));
  return [first, isVersion(changed) ? changed : randomVersion(random)];
}

function randomVersion(random: Random): string {
  const epoch = random(4) === 0 ? `${random(3)}:` : "";
  const revision = random(2) === 0 ? `-${randomText(random, 1 + random(4)).replaceAll("-", "0")}` : "";
  return `${epoch}${random(12)}${randomText(random, random(9))}${revision}`.replace(/-$/, "-0");
}

function randomText(random: Random, length: number): string {
  return Array.from({ length }, () => pick([..."000112899aAbzZ~~..++-"], random)).join("");
}

function isVersion(text: string): boolean {
  return /^(?:\d+:)?\d[0-9A-Za-z.+~-]*$/.test(text) && !text.endsWith("-");
}

/** Bounds that installed packages name, with the versions that they are compared with; then versions at random. */
function realPairs(): readonly Pair[] {
  const format = "${Package}\\t${Version}\\t${Depends}, ${Pre-Depends}, ${Breaks}, ${Conflicts}\\n";
  const stanzas = execFileSync("dpkg-query", ["--show", `--showformat=${format}`], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const versions = new Map(stanzas.map(([name = "", version = ""]) => [name, version]));
  const bounds = stanzas.flatMap(([, , relations = ""]) => {
    return parseRelations(relations)
      .flat()
      .flatMap(({ name, version: bound }): readonly Pair[] => {
        const version = versions.get(name);
        return version === undefined || bound === undefined ? [] : [[version, bound]];
      });
  });
  const distinct = new Map(bounds.map((pair) => [pair.join(" "), pair]));
  const random = seededRandom(3);
  const all = [...versions.values()].filter((version) => version !== "");
  for (const a of TRICKY) for (const b of TRICKY) distinct.set(`${a} ${b}`, [a, b]);
  while (distinct.size < REAL_PAIRS) {
    const pair: Pair = [pick(all, random), pick([...all, ...TRICKY], random)];
    distinct.set(pair.join(" "), pair);
  }
  return [...distinct.values()].slice(-REAL_PAIRS);
}
