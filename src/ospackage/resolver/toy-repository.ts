import { compareCodeUnits, sha256 } from "../../core/index.ts";
import { parseProvides, type DebIndex, type DebPackage } from "../deb/index.ts";
import type { DebRepositorySource, RepositoryIndex } from "../repository/repository.ts";

/** For tests: a package by its name and version, for example `nginx 1.26-1`, and the fields that matter. */
export type ToyPackage = readonly [nameAndVersion: string, fields?: Partial<DebPackage>];

/** For tests: a repository in memory. */
export function toyRepository(
  packages: readonly ToyPackage[],
  source: Partial<DebRepositorySource> = {},
): RepositoryIndex {
  return {
    source: {
      kind: "deb",
      id: "toy/stable",
      canonicalUrl: "http://toy.example/debian",
      url: "http://mirror.example/debian",
      suite: "stable",
      components: ["main"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      priority: 500,
      ...source,
    },
    index: toyIndex(packages.map(toyPackage)),
    metadataSha256: sha256(JSON.stringify(packages)),
    dateSeconds: 1_760_000_000,
    signedBy: "A".repeat(40),
    verified: true,
  };
}

function toyIndex(packages: readonly DebPackage[]): DebIndex {
  return {
    packageCount: packages.length,
    names: () => [...new Set(packages.map(({ name }) => name))].sort(compareCodeUnits),
    byName: (name) => packages.filter((candidate) => candidate.name === name),
    providersOf: (name) => {
      return packages.filter(({ provides }) => parseProvides(provides).some((provided) => provided.name === name));
    },
    essential: () => packages.filter(({ essential }) => essential),
    required: () => packages.filter(({ priority }) => priority === "required"),
  };
}

function toyPackage([nameAndVersion, fields = {}]: ToyPackage): DebPackage {
  const [name = "", version = "1"] = nameAndVersion.split(" ");
  return {
    name,
    version,
    architecture: "amd64",
    essential: false,
    priority: "optional",
    section: "misc",
    multiArch: "no",
    source: { name, version },
    maintainer: "Toy <toy@toy.example>",
    homepage: "",
    depends: "",
    preDepends: "",
    recommends: "",
    conflicts: "",
    breaks: "",
    replaces: "",
    provides: "",
    path: `pool/main/${name}_${version}_amd64.deb`,
    sizeBytes: 1000,
    installedSizeBytes: 4096,
    sha256: sha256(nameAndVersion),
    ...fields,
  };
}
