import { describe, expect, it } from "vitest";
import type { LockedPackage } from "../../lock/lock.ts";
import { dependencySvg } from "./dependency-svg.ts";

type Fields = Partial<Pick<LockedPackage, "dependsOn" | "essential" | "requestedAs">>;

function locked(name: string, fields: Fields = {}): LockedPackage {
  return {
    name,
    version: "1",
    architecture: "amd64",
    sizeBytes: 2048,
    installedSizeBytes: 4096,
    sha256: "0".repeat(64) as LockedPackage["sha256"],
    repository: "toy/stable",
    path: `pool/${name}.deb`,
    source: { name, version: "1" },
    maintainer: "",
    essential: false,
    dependsOn: [],
    preDependsOn: [],
    ...fields,
  };
}

function draw(packages: readonly LockedPackage[], systemPackagesOnly = false): string {
  return dependencySvg({ packages }, { systemPackagesOnly });
}

/** The names in boxes with where their boxes begin. */
function boxesOf(svg: string): ReadonlyMap<string, { readonly x: number; readonly y: number; readonly fill: string }> {
  const matches = svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" [^>]*rx="3" fill="([^"]+)"\/><text[^>]*>([^<]*)</g);
  return new Map([...matches].map(([, x, y, fill = "", name = ""]) => [name, { x: Number(x), y: Number(y), fill }]));
}

/** Every element that is opened is closed, in order; attributes are quoted; nothing is left unescaped. */
function expectWellFormed(svg: string): void {
  const body = svg.replace(/^<\?xml [^>]*\?>\n/, "");
  const open: string[] = [];
  const rest = body.replaceAll(
    /<(\/?)([a-z]+)((?: [A-Za-z-]+="[^"<]*")*)(\/?)>/g,
    (_, closing: string, name: string, __, empty: string) => {
      if (closing !== "") expect(open.pop()).toBe(name);
      else if (empty === "") open.push(name);
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)/);
}

const packages = [
  locked("web", { requestedAs: "web", dependsOn: ["lib", "libc", "server"] }),
  locked("server", { dependsOn: ["lib"] }),
  locked("lib", { dependsOn: ["libc"] }),
  locked("libc", { dependsOn: ["libgcc"] }),
  locked("libgcc", { dependsOn: ["libc"] }),
  locked("init", { essential: true, dependsOn: ["libc"] }),
  locked("linux-image-amd64", { requestedAs: "linux-image-amd64" }),
];

describe("dependencySvg()", () => {
  it("is well-formed and the same for the same packages in any order", () => {
    expectWellFormed(draw(packages));
    expect(draw(packages.toReversed())).toBe(draw(packages));
  });

  it("puts what is needed to the right of what needs it, in colours of its origin", () => {
    const boxes = boxesOf(draw(packages));
    const x = (name: string): number => boxes.get(name)?.x ?? Number.NaN;
    expect([...boxes.keys()].sort()).toEqual(packages.map(({ name }) => name).sort());
    expect(x("web")).toBeLessThan(x("server"));
    expect(x("server")).toBeLessThan(x("lib"));
    expect(x("lib")).toBeLessThan(x("libc"));
    expect(x("init")).toBeLessThan(x("libc"));
    expect(x("libgcc")).toBe(x("libc"));
    expect(new Set(["web", "linux-image-amd64", "init", "lib"].map((name) => boxes.get(name)?.fill)).size).toBe(4);
  });

  it("draws neither needs that follow from others nor one of a circle twice", () => {
    const svg = draw(packages);
    // web → server → lib → libc and init → libc; web → lib and web → libc follow.
    expect(svg.match(/<path d="M/g)).toHaveLength(4 + 1);
    expect(svg.match(/<path class="circle"/g)).toHaveLength(2);
  });

  it("keeps boxes of a column apart", () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      locked(`lib${at}`, { dependsOn: at % 3 === 0 ? [] : [`lib${at - 1}`] }),
    );
    const columns = Map.groupBy([...boxesOf(draw(many)).values()], ({ x }) => x);
    for (const column of columns.values()) {
      const tops = column.map(({ y }) => y).sort((a, b) => a - b);
      for (const [at, top] of tops.slice(1).entries()) expect(top - (tops[at] ?? 0)).toBeGreaterThanOrEqual(20);
    }
  });

  it("leaves out what only the essential packages need", () => {
    expect([...boxesOf(draw(packages, true)).keys()]).not.toContain("init");
  });

  it("escapes what a forged lock may have, and draws an empty one", () => {
    const svg = draw([locked('<script>&"\u0007')]);
    expectWellFormed(svg);
    expect(svg).toContain("&lt;script&gt;&amp;&quot;\uFFFD");
    expectWellFormed(draw([]));
  });
});
