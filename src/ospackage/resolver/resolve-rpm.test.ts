import { describe, expect, it } from "vitest";
import type { RpmRepositorySource } from "../repository/repository.ts";
import type { Resolution } from "./resolve.ts";
import { resolveRpm, type RpmAnswer } from "./resolve-rpm.ts";
import type { ResolveRpmOptions } from "./rpm-problem.ts";
import { type ToyRpm, type ToyRpmOptions, toyRpmRepository } from "./toy-rpm-repository.ts";

type Options = Partial<Omit<ResolveRpmOptions, "repositories" | "requests">>;

function tryToResolve(
  packages: readonly ToyRpm[],
  requests: readonly string[],
  options: Options = {},
): RpmAnswer<Resolution> {
  return resolveFrom([toyRpmRepository(packages)], requests, options);
}

function resolveFrom(
  repositories: ResolveRpmOptions["repositories"],
  requests: readonly string[],
  options: Options = {},
): RpmAnswer<Resolution> {
  return resolveRpm({
    repositories,
    architecture: "x86_64",
    requests: requests.map((text) => ({ text, origin: "systemConfig.packages" })),
    ...options,
  });
}

/** What is chosen, as `name version`, in code unit order; what is for another architecture has that, too. */
function chosen(result: RpmAnswer<Resolution>): readonly string[] {
  if (result.kind !== "answered") throw new Error(`file lists are needed: ${result.paths.join()}`);
  return result.answer.packages
    .map(({ package: { name, version, architecture } }) =>
      architecture === "i686" ? `${name} ${version} i686` : `${name} ${version}`,
    )
    .sort();
}

function choose(packages: readonly ToyRpm[], requests: readonly string[], options: Options = {}): readonly string[] {
  return chosen(tryToResolve(packages, requests, options));
}

const repository = (packages: readonly ToyRpm[], source: Partial<RpmRepositorySource>, more: ToyRpmOptions = {}) =>
  toyRpmRepository(packages, { ...more, source });

describe("resolveRpm()", () => {
  it("takes what packages require, transitively", () => {
    const packages: ToyRpm[] = [
      ["app", { requires: "lib", preRequires: "shell" }],
      ["lib", { requires: "base" }],
      ["shell"],
      ["base"],
      ["other"],
    ];
    expect(choose(packages, ["app"])).toEqual(["app 1-1", "base 1-1", "lib 1-1", "shell 1-1"]);
  });

  it("lets Provides and a package's own name fill requirements, with versions", () => {
    const packages: ToyRpm[] = [
      ["app", { requires: "api >= 2, lib = 3" }],
      ["impl-a", { provides: "api = 1" }],
      ["impl-b", { provides: "api = 2-5" }],
      ["lib 3-7"],
      ["lib 4-1"],
    ];
    expect(choose(packages, ["app"])).toEqual(["app 1-1", "impl-b 1-1", "lib 3-7"]);
  });

  it("lets a Provides without a version fill every requirement", () => {
    expect(
      choose(
        [
          ["app", { requires: "api >= 2" }],
          ["impl", { provides: "api" }],
        ],
        ["app"],
      ),
    ).toContain("impl 1-1");
  });

  it("takes the newest version that everything allows", () => {
    const packages: ToyRpm[] = [["app", { requires: "lib < 3" }], ["lib 1-1"], ["lib 2-1"], ["lib 3-1"]];
    expect(choose(packages, ["app"])).toContain("lib 2-1");
    expect(choose(packages, ["lib"])).toEqual(["lib 3-1"]);
  });

  it("honours conflicts from either side, with what packages provide", () => {
    const packages: ToyRpm[] = [
      ["app", { requires: "mta" }],
      ["a-mta", { provides: "mta" }],
      ["b-mta", { provides: "mta" }],
      ["strict", { conflicts: "a-mta" }],
    ];
    expect(choose(packages, ["app"])).toContain("a-mta 1-1");
    expect(choose(packages, ["app", "strict"])).toContain("b-mta 1-1");
    expect(() =>
      choose(
        [
          ["a", { conflicts: "api" }],
          ["b", { provides: "api" }],
        ],
        ["a", "b"],
      ),
    ).toThrow(/exclude/);
    expect(
      choose(
        [
          ["a", { conflicts: "api < 2" }],
          ["b", { provides: "api = 2" }],
        ],
        ["a", "b"],
      ),
    ).toHaveLength(2);
  });

  it("ignores a conflict of a package with itself", () => {
    expect(choose([["a", { provides: "mta", conflicts: "mta" }]], ["a"])).toEqual(["a 1-1"]);
    expect(choose([["a", { provides: "mta", conflicts: "(mta or b)" }], ["b"]], ["a"])).toEqual(["a 1-1"]);
    expect(() => choose([["a", { conflicts: "(a and b)" }], ["b"]], ["a", "b"])).toThrow(/exclude/);
    expect(choose([["a", { conflicts: "(a unless b)" }], ["b"]], ["a"])).toEqual(["a 1-1", "b 1-1"]);
  });

  it("does what Obsoletes say", () => {
    const packages: ToyRpm[] = [["old 1-1"], ["new 1-1", { obsoletes: "old < 2" }], ["app", { requires: "old" }]];
    expect(choose(packages, ["old"])).toEqual(["new 1-1"]);
    // Nothing provides what app requires but the package that is obsolete.
    expect(choose(packages, ["app"])).toEqual(["app 1-1", "old 1-1"]);
    expect(() => choose(packages, ["app", "new"])).toThrow(/exclude/);
    expect(choose([...packages, ["old 2-1"]], ["old", "new"])).toEqual(["new 1-1", "old 2-1"]);
    expect(choose([...packages, ["old 2-1"]], ["old"])).toEqual(["old 2-1"]);
    // By name alone.
    expect(
      choose(
        [
          ["a", { obsoletes: "api" }],
          ["b", { provides: "api" }],
        ],
        ["a", "b"],
      ),
    ).toHaveLength(2);
  });

  it("prefers what no other candidate obsoletes", () => {
    const packages: ToyRpm[] = [
      ["a-old", { provides: "api" }],
      ["new", { provides: "api", obsoletes: "a-old" }],
      ["app", { requires: "api" }],
    ];
    expect(choose(packages, ["app"])).toEqual(["app 1-1", "new 1-1"]);
    const circle: ToyRpm[] = [
      ["a", { provides: "api" }],
      ["b", { provides: "api", obsoletes: "c" }],
      ["c", { provides: "api", obsoletes: "d" }],
      ["d", { provides: "api", obsoletes: "b, a" }],
      ["app", { requires: "api" }],
    ];
    expect(choose(circle, ["app"])).toEqual(["app 1-1", "b 1-1"]);
  });

  it("prefers who provides the newest, and what is the newest of its name", () => {
    const app: ToyRpm = ["app", { requires: "api" }];
    const versioned: ToyRpm[] = [
      ["a", { provides: "api = 1" }],
      ["b", { provides: "api = 2" }],
    ];
    expect(choose([app, ...versioned], ["app"])).toEqual(["app 1-1", "b 1-1"]);
    const outdated: ToyRpm[] = [["a 1-1", { provides: "api" }], ["a 2-1"], ["b", { provides: "api" }]];
    expect(choose([app, ...outdated], ["app"])).toEqual(["app 1-1", "b 1-1"]);
  });

  it("takes of equal candidates one that is there for another reason, whoever comes first", () => {
    const packages: ToyRpm[] = [
      ["first", { requires: "api" }],
      ["second", { requires: "b" }],
      ["a", { provides: "api" }],
      ["b", { provides: "api" }],
    ];
    expect(choose(packages, ["first"])).toEqual(["a 1-1", "first 1-1"]);
    expect(choose(packages, ["first", "second"])).toEqual(["b 1-1", "first 1-1", "second 1-1"]);
  });

  describe("with files", () => {
    const app: ToyRpm = ["app", { requires: "/usr/bin/tool" }];

    it("takes the owner of a path, or who provides it", () => {
      expect(choose([app, ["tool", { files: ["/usr/bin/tool"] }]], ["app"])).toContain("tool 1-1");
      expect(choose([app, ["tool", { provides: "/usr/bin/tool" }]], ["app"])).toContain("tool 1-1");
      expect(choose([["tool", { files: ["/usr/bin/tool"] }]], ["/usr/bin/tool"])).toEqual(["tool 1-1"]);
    });

    it("asks for file lists when primary metadata knows no owner", () => {
      const result = resolveFrom([toyRpmRepository([app, ["tool"]], { hasFileLists: false })], ["app"]);
      expect(result).toEqual({ kind: "needs-file-lists", paths: ["/usr/bin/tool"] });
      expect(() => tryToResolve([app, ["tool"]], ["app"])).toThrow(/Cannot install/);
    });
  });

  describe("with rich dependencies", () => {
    const fillers: ToyRpm[] = [["a"], ["b"], ["c"]];
    const needs = (requires: string, ...requests: string[]): readonly string[] =>
      choose([["app", { requires }], ...fillers], ["app", ...requests])
        .map((text) => text.split(" ")[0] ?? "")
        .filter((name) => name !== "app");

    it("and, or", () => {
      expect(needs("(a and b)")).toEqual(["a", "b"]);
      expect(needs("(a or b)")).toEqual(["a"]);
      expect(needs("(a or b)", "b")).toEqual(["b"]);
      expect(needs("(x or (b and c))")).toEqual(["b", "c"]);
    });

    it("if, else", () => {
      expect(needs("(a if b)")).toEqual([]);
      expect(needs("(a if b)", "b")).toEqual(["a", "b"]);
      expect(needs("(a if b else c)", "b")).toEqual(["a", "b"]);
      expect(needs("(a if c else b)")).toEqual(["b"]);
      expect(needs("(a if (b and c))", "b")).toEqual(["b"]);
      expect(needs("(a if (b and c))", "b", "c")).toEqual(["a", "b", "c"]);
    });

    it("unless", () => {
      expect(needs("(a unless b)")).toEqual(["a"]);
      expect(() => needs("(a unless b)", "b")).toThrow(/Cannot install/);
      expect(needs("(a unless b else c)", "b")).toEqual(["b", "c"]);
    });

    it("with, without", () => {
      const packages: ToyRpm[] = [
        ["p", { provides: "api = 1" }],
        ["q", { provides: "api = 2, fast" }],
        ["r", { provides: "api = 3" }],
      ];
      expect(choose([["app", { requires: "(api with fast)" }], ...packages], ["app"])).toContain("q 1-1");
      expect(choose([["app", { requires: "(api < 3 without fast)" }], ...packages], ["app"])).toContain("p 1-1");
      expect(choose([["app", { requires: "(api >= 2 with api < 3)" }], ...packages], ["app"])).toContain("q 1-1");
    });

    it("in Conflicts", () => {
      const packages: ToyRpm[] = [["app", { conflicts: "(a unless b)" }], ...fillers];
      expect(choose(packages, ["app"])).toEqual(["app 1-1"]);
      expect(choose(packages, ["app", "a"])).toEqual(["a 1-1", "app 1-1", "b 1-1"]);
      expect(() => choose([["app", { conflicts: "(a and b)" }], ...fillers], ["app", "a", "b"])).toThrow(/exclude/);
      expect(choose([["app", { conflicts: "(a and b)" }], ...fillers], ["app", "a"])).toHaveLength(2);
    });

    it("that nobody can read, or work out", () => {
      expect(() => needs("(a or")).toThrow(/Cannot install/);
      const pairs = Array.from({ length: 20 }, (_, at) => `(x${at} and y${at})`).join(" or ");
      expect(() => needs(`(${pairs})`)).toThrow(/Cannot install/);
    });
  });

  it("knows the features of rpm", () => {
    expect(choose([["app", { preRequires: "rpmlib(PayloadIsZstd) <= 5.4.18-1" }]], ["app"])).toEqual(["app 1-1"]);
    expect(() => choose([["app", { preRequires: "rpmlib(Unheard) <= 9" }]], ["app"])).toThrow(/Cannot install/);
    expect(() => choose([["app", { preRequires: "rpmlib(PayloadIsZstd) >= 9" }]], ["app"])).toThrow(/Cannot install/);
  });

  describe("with several architectures", () => {
    const packages: ToyRpm[] = [
      ["glibc 2-1 x86_64", { provides: "libc.so.6()(64bit)" }],
      ["glibc 2-1 i686", { provides: "libc.so.6" }],
      ["data 1-1 noarch"],
      ["tool 1-1 aarch64"],
      ["app 1-1 i686", { requires: "libc.so.6, data" }],
    ];

    it("takes the system's own and noarch", () => {
      expect(choose(packages, ["glibc", "data"])).toEqual(["data 1-1", "glibc 2-1"]);
      expect(() => choose(packages, ["tool"])).toThrow(/Cannot find/);
    });

    it("takes another only when a request names it, then beside the own", () => {
      expect(choose(packages, ["glibc", "glibc.i686"])).toEqual(["glibc 2-1", "glibc 2-1 i686"]);
      expect(choose(packages, ["app.i686"])).toEqual(["app 1-1 i686", "data 1-1", "glibc 2-1 i686"]);
    });
  });

  it("lets versions of a kernel be side by side, and takes one for a request", () => {
    const packages: ToyRpm[] = [
      ["kernel 5-1", { provides: "installonlypkg(kernel)" }],
      ["kernel 6-1", { provides: "installonlypkg(kernel)" }],
      ["tool 5-1"],
      ["tool 6-1"],
    ];
    expect(choose(packages, ["kernel"])).toEqual(["kernel 6-1"]);
    expect(choose(packages, ["kernel = 5", "kernel = 6"])).toEqual(["kernel 5-1", "kernel 6-1"]);
    expect(() => choose(packages, ["tool = 5", "tool = 6"])).toThrow(/exclude/);
  });

  describe("with several repositories (priority before version before order)", () => {
    it("takes an older version from a higher priority, and a version that both have from the first", () => {
      const [first, second] = [
        repository([["a 2-1"]], { id: "one" }),
        repository([["a 1-1"]], { id: "two", priority: 600 }),
      ];
      expect(chosen(resolveFrom([first, second], ["a"]))).toEqual(["a 1-1"]);
      const result = resolveFrom(
        [repository([["a 1-1"]], { id: "one" }), repository([["a 1-1"]], { id: "two" })],
        ["a"],
      );
      expect(result.kind === "answered" && result.answer.packages[0]?.repository.source.id).toBe("one");
    });

    it("takes the provider from the higher priority", () => {
      const [low, high] = [
        repository(
          [
            ["app", { requires: "api" }],
            ["a 2-1", { provides: "api" }],
          ],
          { id: "low" },
        ),
        repository([["b 1-1", { provides: "api" }]], { priority: 900 }),
      ];
      expect(chosen(resolveFrom([low, high], ["app"]))).toEqual(["app 1-1", "b 1-1"]);
    });

    it("takes a lower priority where the higher does not fit", () => {
      const [high, low] = [repository([["a 1-1"]], { priority: 900 }), repository([["a 2-1"]], { id: "low" })];
      expect(chosen(resolveFrom([high, low], ["a >= 2"]))).toEqual(["a 2-1"]);
    });
  });

  describe("with weak dependencies", () => {
    const packages: ToyRpm[] = [
      ["app", { recommends: "docs, (extra if gui)" }],
      ["docs", { requires: "viewer" }],
      ["viewer"],
      ["extra"],
      ["gui"],
      ["lang 1-1 noarch", { supplements: "(app and gui)" }],
      ["enemy", { conflicts: "docs" }],
    ];

    it("leaves them out by default", () => {
      expect(choose(packages, ["app"])).toEqual(["app 1-1"]);
    });

    it("takes what is recommended and what supplements, when asked to", () => {
      expect(choose(packages, ["app"], { installWeak: true })).toEqual(["app 1-1", "docs 1-1", "viewer 1-1"]);
      expect(choose(packages, ["app", "gui"], { installWeak: true })).toEqual([
        "app 1-1",
        "docs 1-1",
        "extra 1-1",
        "gui 1-1",
        "lang 1-1",
        "viewer 1-1",
      ]);
    });

    it("goes without what does not fit", () => {
      expect(choose(packages, ["app", "enemy"], { installWeak: true })).toEqual(["app 1-1", "enemy 1-1"]);
    });
  });

  it("understands requests", () => {
    const packages: ToyRpm[] = [
      ["my-app 1:2.0-3"],
      ["my-app 1:1.0-1"],
      ["font", { provides: "font(:lang=en)" }],
      ["py3.11"],
      ["glob-a"],
      ["glob-b"],
    ];
    for (const text of [
      "my-app-1.0",
      "my-app-1.0-1",
      "my-app-1.0-1.x86_64",
      "my-app = 1.0",
      "my-app=1:1.0-1",
      "my-app<2",
    ]) {
      expect(choose(packages, [text])).toEqual(["my-app 1:1.0-1"]);
    }
    expect(choose(packages, ["my-app.x86_64"])).toEqual(["my-app 1:2.0-3"]);
    expect(choose(packages, ["font(:lang=en)", "py3.11"])).toEqual(["font 1-1", "py3.11 1-1"]);
    expect(choose(packages, ["glob-*"])).toEqual(["glob-a 1-1", "glob-b 1-1"]);
    expect(() => choose(packages, ["my-app-3"])).toThrow(/Cannot find package "my-app-3"/);
  });

  it("puts what scriptlets need first inside a circle", () => {
    const packages: ToyRpm[] = [
      ["app", { requires: "b", preRequires: "z" }],
      ["b", { requires: "app" }],
      ["z", { requires: "b" }],
    ];
    const result = tryToResolve(packages, ["app"]);
    if (result.kind !== "answered") throw new Error("file lists are needed");
    expect(result.answer.packages.map(({ package: { name } }) => name)).toEqual(["b", "z", "app"]);
    const circle = tryToResolve(
      [
        ["a", { preRequires: "b" }],
        ["b", { requires: "a" }],
      ],
      ["a"],
    );
    if (circle.kind !== "answered") throw new Error("file lists are needed");
    expect(circle.answer.packages.map(({ package: { name } }) => name)).toEqual(["b", "a"]);
    expect(result.answer.edges[0]).toEqual({ from: "b", to: "app", kind: "depends", requirement: "app" });
  });
});
