import { compareCodeUnits, sha256 } from "../../core/index.ts";
import type { RepositoryIndex, RpmRepositorySource } from "../repository/repository.ts";
import type { RpmIndex, RpmPackage } from "../rpm/rpm-index.ts";
import { parseRpmRelations } from "../rpm/rpm-relations.ts";

/**
 * For tests: a package by its name and version, for example `nginx 1.26-1` or `glibc 2.38-1 i686`, and the fields that
 * matter; relations have commas between entries.
 */
export type ToyRpm = readonly [nameAndVersion: string, fields?: ToyRpmFields];

export type ToyRpmFields = Partial<RpmPackage> & {
  /** Paths that the package has. */
  readonly files?: readonly string[];
};

export interface ToyRpmOptions {
  readonly source?: Partial<RpmRepositorySource>;
  /** False when primary metadata does not list all files. */
  readonly hasFileLists?: boolean;
}

/** For tests: a repository in memory. */
export function toyRpmRepository(
  packages: readonly ToyRpm[],
  { source = {}, hasFileLists = true }: ToyRpmOptions = {},
): RepositoryIndex<RpmIndex> {
  const toys = packages.map(toyRpm);
  return {
    source: {
      kind: "rpm",
      id: "toy",
      canonicalUrl: "http://toy.example/rpm",
      urls: ["http://mirror.example/rpm"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      repoGpgCheck: false,
      priority: 500,
      ...source,
    },
    index: toyIndex(toys, hasFileLists),
    metadataSha256: sha256(JSON.stringify(packages)),
    dateSeconds: 1_760_000_000,
    verified: true,
  };
}

interface Toy {
  readonly files: readonly string[];
  readonly package: RpmPackage;
}

function toyIndex(toys: readonly Toy[], hasFileLists: boolean): RpmIndex {
  const packages = toys.map((toy) => toy.package);
  const namesIn = (field: string): readonly string[] =>
    parseRpmRelations(field).flatMap((entry) => (entry.kind === "capability" ? entry.name : []));
  return {
    packageCount: packages.length,
    names: () => [...new Set(packages.map(({ name }) => name))].sort(compareCodeUnits),
    byName: (name) => packages.filter((candidate) => candidate.name === name),
    providersOf: (name) => packages.filter(({ provides }) => namesIn(provides).includes(name)),
    obsoletersOf: (name) => packages.filter(({ obsoletes }) => namesIn(obsoletes).includes(name)),
    ownersOf: (path) => toys.filter(({ files }) => files.includes(path)).map((toy) => toy.package),
    knowsOwnersOf: () => hasFileLists,
    neededPaths: () => [],
    withDigest: (sha256) => toys.map((toy) => toy.package).filter((each) => each.sha256 === sha256),
  };
}

function toyRpm([nameAndVersion, fields = {}]: ToyRpm): Toy {
  const [name = "", version = "1-1", architecture = "x86_64"] = nameAndVersion.split(" ");
  const { files = [], ...given } = fields;
  const relations = [
    "requires",
    "preRequires",
    "provides",
    "conflicts",
    "obsoletes",
    "recommends",
    "suggests",
    "supplements",
    "enhances",
  ] as const;
  const texts = Object.fromEntries(relations.map((field) => [field, (given[field] ?? "").replace(/,\s*/g, "\t")]));
  return {
    files,
    package: {
      name,
      version,
      architecture,
      source: { name, version },
      maintainer: "Toy",
      homepage: "",
      section: "Unspecified",
      licence: "MIT",
      buildTimeSeconds: 1_760_000_000,
      path: `Packages/${name}-${version.replace(/^\d+:/, "")}.${architecture}.rpm`,
      sizeBytes: 1000,
      installedSizeBytes: 4096,
      sha256: sha256(nameAndVersion),
      requires: "",
      preRequires: "",
      provides: "",
      conflicts: "",
      obsoletes: "",
      recommends: "",
      suggests: "",
      supplements: "",
      enhances: "",
      ...given,
      ...texts,
    },
  };
}
