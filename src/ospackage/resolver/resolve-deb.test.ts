import { describe, expect, it } from "vitest";
import { ComposerError } from "../../core/index.ts";
import type { RepositoryIndex } from "../repository/repository.ts";
import type { ResolveDebOptions } from "./deb-problem.ts";
import { resolveDeb } from "./resolve-deb.ts";
import { toyRepository, type ToyPackage } from "./toy-repository.ts";

type Options = Partial<Pick<ResolveDebOptions, "includeEssential" | "exclude" | "architecture">>;

function resolve(repositories: readonly RepositoryIndex[], requests: readonly string[], options: Options = {}) {
  return resolveDeb({
    repositories,
    architecture: "amd64",
    requests: requests.map((text, at) => ({
      text,
      origin: `systemConfig.packages[${at}]`,
      position: { file: "t.yml", line: 10 + at, column: 7 },
    })),
    includeEssential: false,
    ...options,
  });
}

/** What is chosen, in code unit order, as `name version`. */
function chosen(packages: readonly ToyPackage[], requests: readonly string[], options?: Options): readonly string[] {
  return chosenFrom([toyRepository(packages)], requests, options);
}

function chosenFrom(repositories: readonly RepositoryIndex[], requests: readonly string[], options?: Options) {
  return resolve(repositories, requests, options)
    .packages.map(({ package: { name, version } }) => `${name} ${version}`)
    .sort();
}

function failure(packages: readonly ToyPackage[], requests: readonly string[], options?: Options): ComposerError {
  try {
    resolve([toyRepository(packages)], requests, options);
  } catch (error) {
    if (error instanceof ComposerError) return error;
    throw error;
  }
  throw new Error("resolving succeeded");
}

describe("resolveDeb()", () => {
  it("takes what Depends and Pre-Depends need, transitively", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "lib (>= 2), data", preDepends: "init" }],
      ["lib 2"],
      ["data 1", { depends: "common" }],
      ["common 1"],
      ["init 1"],
      ["other 1"],
    ];
    expect(chosen(packages, ["app"])).toEqual(["app 1", "common 1", "data 1", "init 1", "lib 2"]);
  });

  it("takes the newest version that every constraint allows", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "lib (<< 3), lib (>= 1)" }],
      ["lib 1"],
      ["lib 2"],
      ["lib 2~rc1"],
      ["lib 3"],
    ];
    expect(chosen(packages, ["app"])).toEqual(["app 1", "lib 2"]);
  });

  it.each([
    ["lib (<< 2)", "lib 1"],
    ["lib (<= 2)", "lib 2"],
    ["lib (= 1)", "lib 1"],
    ["lib (>= 3)", "lib 3"],
    ["lib (>> 2)", "lib 3"],
  ])("understands %s", (depends, expected) => {
    expect(chosen([["app 1", { depends }], ["lib 1"], ["lib 2"], ["lib 3"]], ["app"])).toContain(expected);
  });

  it("takes the first alternative", () => {
    expect(chosen([["app 1", { depends: "b | a" }], ["a 1"], ["b 1"]], ["app"])).toEqual(["app 1", "b 1"]);
  });

  it("takes a later alternative that is there already", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "tool, b | a" }],
      ["a 1"],
      ["b 1"],
      ["tool 1", { depends: "a" }],
    ];
    expect(chosen(packages, ["app"])).toEqual(["a 1", "app 1", "tool 1"]);
    expect(chosen(packages, ["b", "app"])).toEqual(["a 1", "app 1", "b 1", "tool 1"]);
  });

  it("goes back when the preferred choice turns out impossible far away", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "front | back, base" }],
      ["front 1", { depends: "middle" }],
      ["middle 1", { depends: "deep" }],
      ["deep 1", { conflicts: "base" }],
      ["back 1"],
      ["base 1"],
    ];
    expect(chosen(packages, ["app"])).toEqual(["app 1", "back 1", "base 1"]);
  });

  it("takes an older version where the newest cannot be installed", () => {
    const packages: ToyPackage[] = [["lib 2", { depends: "missing" }], ["lib 1"], ["app 1", { depends: "lib" }]];
    expect(chosen(packages, ["app"])).toEqual(["app 1", "lib 1"]);
  });

  describe("with virtual packages", () => {
    it("prefers a real package to a provider", () => {
      const packages: ToyPackage[] = [
        ["app 1", { depends: "mta" }],
        ["exim 1", { provides: "mta", priority: "required" }],
        ["mta 1"],
      ];
      expect(chosen(packages, ["app"])).toEqual(["app 1", "mta 1"]);
    });

    it("takes a requested package itself although another that comes anyway provides its name", () => {
      const packages: ToyPackage[] = [
        ["app 1", { depends: "big" }],
        ["big 1", { provides: "small (= 1)" }],
        ["small 1"],
      ];
      expect(chosen(packages, ["app", "small"])).toEqual(["app 1", "big 1", "small 1"]);
      expect(chosen(packages, ["app", "small=1"])).toEqual(["app 1", "big 1", "small 1"]);
      expect(chosen(packages.slice(0, 2), ["app", "small"])).toEqual(["app 1", "big 1"]);
    });

    it("orders providers by Priority field, then name", () => {
      const packages: ToyPackage[] = [
        ["a-extra 1", { provides: "mta", priority: "extra" }],
        ["c-important 1", { provides: "mta", priority: "important" }],
        ["b-important 1", { provides: "mta", priority: "important" }],
        ["d-standard 1", { provides: "mta", priority: "standard" }],
      ];
      expect(chosen(packages, ["mta"])).toEqual(["b-important 1"]);
    });

    it("lets a versioned Provides fill a versioned relation only when it fits", () => {
      const packages: ToyPackage[] = [
        ["app 1", { depends: "api (>= 2)" }],
        ["a 9", { provides: "api" }],
        ["b 9", { provides: "api (= 1)" }],
        ["c 1", { provides: "api (= 2)" }],
      ];
      expect(chosen(packages, ["app"])).toEqual(["app 1", "c 1"]);
      expect(failure(packages.slice(0, 3), ["app"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });

    it("lets conflicting providers of one name replace each other but not themselves", () => {
      const mta = { provides: "mta", conflicts: "mta" };
      const packages: ToyPackage[] = [
        ["exim 1", mta],
        ["postfix 1", mta],
      ];
      expect(chosen(packages, ["exim"])).toEqual(["exim 1"]);
      expect(failure(packages, ["exim", "postfix"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });
  });

  describe("with negative relations", () => {
    it.each(["conflicts", "breaks"] as const)("honours %s from either side", (field) => {
      const packages: ToyPackage[] = [["a 1", { [field]: "b (<< 2)" }], ["b 1"], ["b 2", { depends: "missing" }]];
      expect(failure(packages, ["a", "b"]).code).toBe("RESOLVER_UNSATISFIABLE");
      expect(failure(packages, ["b", "a"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });

    it("ignores a versioned conflict that does not reach the version", () => {
      expect(chosen([["a 1", { breaks: "b (<< 2)" }], ["b 2"]], ["a", "b"])).toEqual(["a 1", "b 2"]);
    });

    it("lets an unversioned Provides escape a versioned conflict", () => {
      const packages: ToyPackage[] = [
        ["a 1", { conflicts: "api (<< 2)" }],
        ["b 1", { provides: "api" }],
        ["c 1", { provides: "api (= 1)" }],
      ];
      expect(chosen(packages, ["a", "b"])).toEqual(["a 1", "b 1"]);
      expect(failure(packages, ["a", "c"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });

    it("installs one version of a name at most", () => {
      const packages: ToyPackage[] = [["lib 1"], ["lib 2"]];
      expect(failure(packages, ["lib=1", "lib=2"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });
  });

  describe("with Multi-Arch", () => {
    it.each([
      ["allowed", true],
      ["foreign", false],
      ["same", false],
      ["no", false],
    ] as const)("treats :any with Multi-Arch %s as satisfiable: %s", (multiArch, satisfiable) => {
      const packages: ToyPackage[] = [
        ["app 1", { depends: "python3:any (>= 3)" }],
        ["python3 3", { multiArch }],
      ];
      if (satisfiable) expect(chosen(packages, ["app"])).toEqual(["app 1", "python3 3"]);
      else expect(failure(packages, ["app"]).code).toBe("RESOLVER_UNSATISFIABLE");
    });

    it("honours a conflict with a named architecture only when it is the system's", () => {
      const other: ToyPackage[] = [["a 1", { conflicts: "b:i386" }], ["b 1"]];
      expect(chosen(other, ["a", "b"])).toEqual(["a 1", "b 1"]);
      for (const conflicts of ["b:amd64", "b:any"]) {
        expect(failure([["a 1", { conflicts }], ["b 1"]], ["a", "b"]).code).toBe("RESOLVER_UNSATISFIABLE");
      }
    });

    it("ignores packages for other architectures, and takes `all`", () => {
      const packages: ToyPackage[] = [
        ["app 2", { architecture: "arm64" }],
        ["app 1", { architecture: "all" }],
      ];
      expect(chosen(packages, ["app"])).toEqual(["app 1"]);
    });
  });

  describe("with several repositories (priority before version before order)", () => {
    it("takes the newest version of equal priorities", () => {
      const repositories = [toyRepository([["a 1"]]), toyRepository([["a 2"]], { id: "toy/security" })];
      expect(chosenFrom(repositories, ["a"])).toEqual(["a 2"]);
    });

    it("takes an older version from a higher priority", () => {
      const repositories = [toyRepository([["a 2"]]), toyRepository([["a 1"]], { id: "toy/pinned", priority: 900 })];
      expect(chosenFrom(repositories, ["a"])).toEqual(["a 1"]);
      expect(chosenFrom(repositories, ["a=2"])).toEqual(["a 2"]);
    });

    it("takes an equal version from the first of equal priorities", () => {
      const repositories = [toyRepository([["a 1"]], { id: "first" }), toyRepository([["a 1"]], { id: "second" })];
      expect(resolve(repositories, ["a"]).packages[0]?.repository.source.id).toBe("first");
    });

    it("never takes anything from a negative priority", () => {
      const blocked = toyRepository([["a 2"]], { id: "blocked", priority: -1 });
      expect(chosenFrom([toyRepository([["a 1"]]), blocked], ["a"])).toEqual(["a 1"]);
      expect(chosenFrom([blocked, toyRepository([["app 1", { depends: "a | b" }], ["b 1"]])], ["app"])).toEqual([
        "app 1",
        "b 1",
      ]);
    });

    it("takes only allowed packages from a repository", () => {
      const extra = toyRepository([["a 2"], ["b-tool 2"]], { id: "extra", allowPackages: ["b-*"] });
      expect(chosenFrom([toyRepository([["a 1"], ["b-tool 1"]]), extra], ["a", "b-tool"])).toEqual(["a 1", "b-tool 2"]);
    });
  });

  describe("requests", () => {
    const packages: ToyPackage[] = [["nginx 1:1.2-3"], ["nginx 1:1.1-1"], ["nginx-doc 2"]];

    it.each([
      ["nginx", "nginx 1:1.2-3"],
      ["nginx=1:1.1-1", "nginx 1:1.1-1"],
      ["nginx<<1:1.2", "nginx 1:1.1-1"],
      ["nginx >= 1:1.2", "nginx 1:1.2-3"],
      ["nginx>1:1.2", "nginx 1:1.2-3"],
      ["nginx_1.1-1", "nginx 1:1.1-1"],
      ["nginx_1:1.1-1", "nginx 1:1.1-1"],
      ["nginx_1.1-1_amd64.deb", "nginx 1:1.1-1"],
    ])("%s means %s", (request, expected) => {
      expect(chosen(packages, [request])).toEqual([expected]);
    });

    it("takes versions that begin with the wanted one, by whole parts", () => {
      const kernels: ToyPackage[] = [["k 6.12.9-1"], ["k 6.1.140-1"], ["k 1:5.10-2"]];
      const take = (versionPrefix: string) => {
        const requests = [{ text: "k", versionPrefix, origin: "test" }];
        const repositories = [toyRepository(kernels)];
        const { packages } = resolveDeb({ repositories, architecture: "amd64", requests, includeEssential: false });
        return packages.map(({ package: { name, version } }) => `${name} ${version}`);
      };
      expect(take("6.1")).toEqual(["k 6.1.140-1"]);
      expect(take("6.12.9-1")).toEqual(["k 6.12.9-1"]);
      expect(take("5.10")).toEqual(["k 1:5.10-2"]);
      expect(() => take("6")).not.toThrow();
      expect(() => take("6.2")).toThrow(/Cannot find package "k"/);
    });

    it("takes every name that a glob matches", () => {
      expect(chosen(packages, ["nginx*"])).toEqual(["nginx 1:1.2-3", "nginx-doc 2"]);
      expect(chosen(packages, ["ngin[x]-???"])).toEqual(["nginx-doc 2"]);
    });

    it("takes one kernel for a glob of kernels: the newest, of equal ones the plainest", () => {
      const kernels: ToyPackage[] = [
        ["linux-image-6.12.9-amd64 6.12.9-1"],
        ["linux-image-6.12.43-rt-amd64 6.12.43-1"],
        ["linux-image-6.12.43-amd64 6.12.43-1"],
        ["linux-image-rt-amd64 6.12.43-1"],
      ];
      expect(chosen(kernels, ["linux-image-*-amd64"])).toEqual(["linux-image-6.12.43-amd64 6.12.43-1"]);
    });

    it("marks what they bring in, and nothing else", () => {
      const { packages } = resolve([toyRepository([["a 1", { depends: "b" }], ["b 1"]])], ["a"]);
      expect(packages.map(({ package: { name }, requestedAs }) => [name, requestedAs])).toEqual([
        ["b", undefined],
        ["a", "a"],
      ]);
    });

    it("are all named when no repository has them, each with the nearest name and its place", () => {
      const error = failure(packages, ["ngimx", "nginx", "nginx=9", "zzzzzz", "foo-*"]);
      expect(error.code).toBe("RESOLVER_UNKNOWN_PACKAGE");
      expect(error.message).toBe('Cannot find 4 packages "ngimx", "nginx=9", "zzzzzz", "foo-*": searched toy/stable');
      expect(error.hint).toBe('Did you mean "nginx"?');
      expect(error.position?.line).toBe(10);
      expect(error.details).toEqual([
        'systemConfig.packages[0] "ngimx" (t.yml:10:7): no package has or provides this name; did you mean "nginx"?',
        'systemConfig.packages[2] "nginx=9" (t.yml:12:7): the version does not fit; there is 1:1.2-3 (toy/stable), 1:1.1-1 (toy/stable); with 1:1.2-3, everything fits',
        'systemConfig.packages[3] "zzzzzz" (t.yml:13:7): no package has or provides this name',
        'systemConfig.packages[4] "foo-*" (t.yml:14:7): no package name matches',
      ]);
    });

    it("propose the version with which everything else can be had, and none when there is no such", () => {
      const libraries: ToyPackage[] = [
        ["lib 3"],
        ["lib 2"],
        ["app 1", { depends: "lib (<< 3)" }],
        ["bad 1", { conflicts: "lib" }],
      ];
      expect(failure(libraries, ["app", "lib=1"]).details[0]).toMatch(/; with 2, everything fits$/);
      expect(failure(libraries, ["bad", "lib=1"]).details[0]).toMatch(
        /; there is 3 \(toy\/stable\), 2 \(toy\/stable\)$/,
      );
    });

    it("say what keeps an existing package out", () => {
      expect(failure(packages, ["nginx"], { exclude: [{ text: "nginx" }] }).details[0]).toContain(
        'it is excluded by systemConfig.excludePackages "nginx"',
      );
    });
  });

  it("takes Essential packages and those of Priority required when asked to", () => {
    const packages: ToyPackage[] = [
      ["base 1", { essential: true, depends: "libc" }],
      ["libc 1"],
      ["adduser 1", { priority: "required" }],
      ["editor 1", { priority: "important" }],
      ["app 1"],
    ];
    expect(chosen(packages, ["app"], { includeEssential: true })).toEqual(["adduser 1", "app 1", "base 1", "libc 1"]);
    expect(chosen(packages, ["app"])).toEqual(["app 1"]);
  });

  it("never takes an excluded package", () => {
    const packages: ToyPackage[] = [["app 1", { depends: "bad | good" }], ["bad 1"], ["good 1"]];
    expect(chosen(packages, ["app"], { exclude: [{ text: "b*d" }] })).toEqual(["app 1", "good 1"]);
  });

  it("stays with a choice that a later one would have made needless, as apt does", () => {
    const packages: ToyPackage[] = [
      ["app 1", { depends: "x | y, p | q" }],
      ["x 1"],
      ["y 1"],
      ["p 1", { depends: "y" }],
      ["q 1"],
    ];
    expect(chosen(packages, ["app"])).toEqual(["app 1", "p 1", "x 1", "y 1"]);
  });

  it("gives edges of both kinds and an installation order", () => {
    const packages: ToyPackage[] = [["app 1", { depends: "b", preDepends: "c" }], ["b 1"], ["c 1", { depends: "b" }]];
    const { packages: ordered, edges } = resolve([toyRepository(packages)], ["app"]);
    expect(ordered.map(({ package: { name } }) => name)).toEqual(["b", "c", "app"]);
    expect(edges).toEqual([
      { from: "c", to: "b", kind: "depends", requirement: "b" },
      { from: "app", to: "c", kind: "pre-depends", requirement: "c" },
      { from: "app", to: "b", kind: "depends", requirement: "b" },
    ]);
  });
});
