import { describe, expect, it } from "vitest";
import { ComposerError } from "../../../core/index.ts";
import type { RepositoryIndex } from "../../repository/repository.ts";
import type { ResolveDebOptions } from "../deb-problem.ts";
import { toyRepository, type ToyPackage } from "../toy-repository.ts";
import { debQuestions } from "../resolve-deb.ts";
import type { Chain } from "./shortest-chains.ts";

type Options = Partial<Pick<ResolveDebOptions, "exclude" | "includeEssential">>;

function questions(repositories: readonly RepositoryIndex[], packages: readonly string[], options: Options = {}) {
  const requests = packages.map((text, at) => ({
    text,
    origin: "systemConfig.packages",
    position: { file: "t.yml", line: 10 + at, column: 7 },
  }));
  return debQuestions({ repositories, architecture: "amd64", requests, includeEssential: false, ...options });
}

function ask(offered: readonly ToyPackage[], packages: readonly string[], options?: Options) {
  return questions([toyRepository(offered)], packages, options);
}

/** `app -> lib -> libc`, with what a link is filled as in parentheses. */
function path({ first, links }: Chain): string {
  const steps = links.map(({ package: { name }, filledAs }) =>
    filledAs === undefined ? name : `${name} (${filledAs})`,
  );
  return [first.name, ...steps].join(" -> ");
}

const diamond: readonly ToyPackage[] = [
  ["app 1", { depends: "left, right, far" }],
  ["left 1", { depends: "base (>= 1)" }],
  ["right 1", { preDepends: "base" }],
  ["far 1", { depends: "middle" }],
  ["middle 1", { depends: "base" }],
  ["base 1"],
  ["tool 1", { depends: "base" }],
  ["other 1"],
];

describe("why()", () => {
  it("finds all shortest chains of each request, the shortest first", () => {
    const [answer] = ask(diamond, ["other", "app", "tool", "base"]).why("base");
    expect(answer?.chains.map(path)).toEqual(["base", "tool -> base", "app -> left -> base", "app -> right -> base"]);
    expect(answer?.count).toBe(4);
    expect(answer?.chains.map(({ request }) => request.position?.line)).toEqual([13, 12, 11, 11]);
  });

  it("tells relation and field of each link", () => {
    const [answer] = ask(diamond, ["app"]).why("base");
    expect(answer?.chains.map(({ links }) => links.map(({ verb, requirement }) => `${verb} ${requirement}`))).toEqual([
      ["depends on left", "depends on base (>= 1)"],
      ["depends on right", "pre-depends on base"],
    ]);
  });

  it("tells the alternative and the virtual package that a link goes through", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "missing | second, mta" }],
      ["second 1"],
      ["exim 1", { provides: "mta" }],
    ];
    const questions = ask(packages, ["app"]);
    expect(questions.why("second")[0]?.chains[0]?.links[0]).toMatchObject({
      requirement: "missing | second",
      package: { name: "second" },
    });
    expect(questions.why("exim").flatMap(({ chains }) => chains.map(path))).toEqual(["app -> exim (mta)"]);
    expect(questions.why("mta").map(({ package: { name } }) => name)).toEqual(["exim"]);
  });

  it("goes through packages that need each other", () => {
    const packages: ToyPackage[] = [
      ["a 1", { depends: "b" }],
      ["b 1", { depends: "a, c" }],
      ["c 1", { depends: "b" }],
    ];
    expect(
      ask(packages, ["a"])
        .why("c")
        .flatMap(({ chains }) => chains.map(path)),
    ).toEqual(["a -> b -> c"]);
  });

  it("names essential packages after the lines of the template", () => {
    const packages: ToyPackage[] = [
      ["init 1", { essential: true }],
      ["app 1", { depends: "lib" }],
      ["lib 1", { depends: "init" }],
    ];
    const [answer] = ask(packages, ["app"], { includeEssential: true }).why("init");
    expect(answer?.chains.map(path)).toEqual(["app -> lib -> init", "init"]);
  });

  it("has no answer about what is not there", () => {
    expect(ask(diamond, ["tool"]).why("app")).toEqual([]);
    expect(ask(diamond, ["tool"]).why("nothing-has-this")).toEqual([]);
  });

  it("counts chains that are too many to list", () => {
    const layers = Array.from({ length: 12 }, (_, layer) => layer);
    const packages = layers.flatMap((layer): ToyPackage[] => {
      const depends = layer === 11 ? "end" : `a${layer + 1}, b${layer + 1}`;
      return [
        [`a${layer} 1`, { depends }],
        [`b${layer} 1`, { depends }],
      ];
    });
    const [answer] = ask([...packages, ["end 1"]], ["a0"]).why("end");
    expect(answer?.count).toBe(2 ** 11);
    expect(answer?.chains).toHaveLength(1000);
  });
});

describe("savings()", () => {
  const sized = (sizeBytes: number) => ({ sizeBytes, installedSizeBytes: 2 * sizeBytes });

  it("resolves again without each line, the largest saving first", () => {
    const packages: ToyPackage[] = [
      ["small 1", sized(10)],
      ["big 1", { depends: "lib, shared", ...sized(100) }],
      ["lib 1", sized(50)],
      ["also 1", { depends: "shared", ...sized(20) }],
      ["shared 1", sized(1000)],
      ["init 1", { essential: true, ...sized(7) }],
    ];
    const { total, base, lines } = ask(packages, ["small", "big", "also", "lib"], { includeEssential: true }).savings();
    expect(total).toEqual({ packages: 6, sizeBytes: 1187, installedSizeBytes: 2374 });
    expect(base).toEqual({ packages: 1, sizeBytes: 7, installedSizeBytes: 14 });
    expect(lines.map(({ request, packages: count, sizeBytes }) => [request.text, count, sizeBytes])).toEqual([
      ["big", -1, -100],
      ["also", -1, -20],
      ["small", -1, -10],
      ["lib", 0, 0],
    ]);
    expect(lines[3]?.keptBy === undefined ? "" : path(lines[3].keptBy)).toBe("big -> lib");
  });

  it("shows what comes in place of what goes", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "first | second" }],
      ["first 1", sized(30)],
      ["second 1", sized(10)],
    ];
    const line = ask(packages, ["app", "second"])
      .savings()
      .lines.find(({ request }) => request.text === "second");
    expect(line?.removed.map(({ name }) => name)).toEqual(["second"]);
    expect(line?.added.map(({ name }) => name)).toEqual(["first"]);
    expect(line).toMatchObject({ packages: 0, sizeBytes: 20, installedSizeBytes: 40 });
  });
});

describe("whyNot()", () => {
  it("says that a package is there", () => {
    expect(ask(diamond, ["tool"]).whyNot("base")).toMatchObject({ verdict: "installed", installed: { name: "base" } });
  });

  it("shows what a package that nothing asks for would bring along", () => {
    const answer = ask(diamond, ["tool"]).whyNot("app");
    expect(answer.verdict).toBe("not-requested");
    expect(answer.effect?.added.map(({ name }) => name)).toEqual(["app", "far", "left", "middle", "right"]);
    expect(answer.hint).toBe('Add "app" to systemConfig.packages');
  });

  it("names who would have taken it", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "first | second", recommends: "third (>= 1)" }],
      ["first 1"],
      ["second 1"],
      ["third 1"],
    ];
    expect(ask(packages, ["app"]).whyNot("second").reasons).toEqual([
      "app depends on first | second, and first was chosen for it",
    ]);
    expect(ask(packages, ["app"]).whyNot("third").reasons).toEqual([
      "app only recommends it; recommended packages are not installed",
    ]);
  });

  it("proposes the nearest name", () => {
    expect(ask(diamond, ["tool"]).whyNot("toll")).toMatchObject({ verdict: "unknown", didYouMean: "tool" });
    expect(ask(diamond, ["tool"]).whyNot("zzzzzzzz")).not.toHaveProperty("didYouMean");
  });

  it("names the line that excludes it, and what there would be without", () => {
    const answer = ask(diamond, ["tool"], {
      exclude: [{ text: "oth*", position: { file: "t.yml", line: 30, column: 7 } }],
    }).whyNot("other");
    expect(answer).toMatchObject({
      verdict: "kept-out",
      reasons: ['toy/stable has other 1, but systemConfig.excludePackages "oth*" (t.yml:30:7) excludes it'],
      hint: 'Remove "oth*" (t.yml:30:7) from systemConfig.excludePackages',
    });
    expect(answer.effect?.added.map(({ name }) => name)).toEqual(["other"]);
  });

  it.each([
    [
      { priority: -1 },
      "the priority of the repository is -1",
      "Give the repository vendor a priority that is not negative",
    ],
    [
      { allowPackages: ["agent"] },
      "allowPackages of the repository leaves it out",
      'Add "extra" to allowPackages of the repository vendor',
    ],
  ])("names the repository that may not give it: %j", (source, state, hint) => {
    const vendor = toyRepository([["extra 1"]], { id: "vendor", ...source });
    const answer = questions([toyRepository(diamond), vendor], ["tool"]).whyNot("extra");
    expect(answer).toMatchObject({ verdict: "kept-out", reasons: [`vendor has extra 1, but ${state}`], hint });
    expect(answer.effect?.packages).toBe(1);
  });

  it("says that it is for another architecture", () => {
    const answer = ask([...diamond, ["firmware 1", { architecture: "arm64" }]], ["tool"]).whyNot("firmware");
    expect(answer).toMatchObject({ verdict: "kept-out", reasons: ["toy/stable has firmware 1, but not for amd64"] });
  });

  it("lists older and newer versions where the one asked for is not there", () => {
    const answer = ask([["lib 3"], ["lib 1"], ["tool 1"]], ["tool"]).whyNot("lib=2");
    expect(answer).toMatchObject({
      verdict: "other-versions",
      available: ["3 (toy/stable), newer", "1 (toy/stable), older"],
      hint: 'Ask for "lib=3", or add a repository that has the version',
    });
  });

  it("says why another version was chosen, and what asking for this one changes", () => {
    const stable = toyRepository([["lib 1"], ["app 1", { depends: "lib" }]]);
    const testing = toyRepository([["lib 2"]], { id: "toy/testing", priority: 100 });
    const pinned = questions([stable, testing], ["app"]).whyNot("lib=2");
    expect(pinned).toMatchObject({
      verdict: "other-chosen",
      installed: { version: "1" },
      reasons: ["version 1 from toy/stable was chosen: its repository has priority 500, not 100"],
      effect: { packages: 0, changed: [{ from: { version: "1" }, to: { version: "2" } }] },
    });
    const newer = ask([["lib 1"], ["lib 2"], ["app 1", { depends: "lib" }]], ["app"]).whyNot("lib=1");
    expect(newer.reasons).toEqual(["version 2 from toy/stable was chosen, because it is newer"]);
    const needed = ask([["lib 1"], ["lib 2"], ["app 1", { depends: "lib (<< 2)" }]], ["app"]).whyNot("lib=2");
    expect(needed.verdict).toBe("conflicts");
  });

  it("shows what stands against it, and all lines that would have to go", () => {
    const packages: ToyPackage[] = [
      ["systemd 1"],
      ["resolver 1", { depends: "systemd" }],
      ["timer 1", { depends: "systemd" }],
      ["elogind 1", { conflicts: "systemd" }],
      ["editor 1"],
    ];
    const { verdict, details } = ask(packages, ["resolver", "editor", "timer"]).whyNot("elogind");
    expect(verdict).toBe("conflicts");
    expect(details.join("\n")).toBe(`systemConfig.packages "resolver" (t.yml:10:7)
└─ resolver 1 depends on systemd
   └─ systemd 1 is in conflict with elogind 1
the package "elogind"
└─ elogind 1 conflicts with systemd 1

systemConfig.packages "timer" (t.yml:12:7)
└─ timer 1 depends on systemd
   └─ systemd 1 is in conflict with elogind 1
the package "elogind"
└─ elogind 1 conflicts with systemd 1

It would fit without all of these:
- systemConfig.packages "resolver" (t.yml:10:7)
- systemConfig.packages "timer" (t.yml:12:7)`);
  });

  it("means the package itself, though another that is there provides its name", () => {
    const packages: ToyPackage[] = [["big 1", { provides: "small" }], ["small 1"]];
    expect(ask(packages, ["big"]).whyNot("small").verdict).toBe("not-requested");
    expect(ask(packages.slice(0, 1), ["big"]).whyNot("small")).toMatchObject({
      verdict: "installed",
      reasons: ["big provides small"],
    });
  });

  it("refuses globs", () => {
    expect(() => ask(diamond, ["tool"]).whyNot("lib*")).toThrow(ComposerError);
  });
});

describe("debQuestions()", () => {
  it("fails as a build does when there is no choice to ask about", () => {
    expect(() => ask(diamond, ["unknown-thing"])).toThrow(/Cannot find package "unknown-thing"/);
    expect(() => ask([["a 1", { conflicts: "b" }], ["b 1"]], ["a", "b"])).toThrow(/exclude each other/);
  });
});
