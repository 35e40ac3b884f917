import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RpmIndex, RpmPackage } from "../../src/ospackage/rpm/index.ts";
import { compareEvrs } from "../../src/ospackage/rpm/compare-rpm-versions.ts";
import type { RpmCapability } from "../../src/ospackage/rpm/rpm-capability.ts";
import { parseRpmRelations } from "../../src/ospackage/rpm/rpm-relations.ts";

/**
 * RPM packages in CUDF, which dose checks: rpm's rules with numbers for versions.
 *
 * Debian builds dose-rpmcheck without its readers of synthesis and hdlist files ("synthesis input format not
 * supported"); dose-distcheck, the same program by another name, reads CUDF.
 * @see https://www.mancoosi.org/cudf/
 */
export interface CudfWorld {
  /** A package as a stanza. */
  readonly stanza: (of: RpmPackage) => string;
  /** A package that is only there to be asked about: it needs every request of a set. */
  readonly pseudoPackage: (name: string, requests: readonly string[]) => string;
}

/** Of rich dependencies only `or` can be said. @throws Error for others */
export function createCudfWorld(index: RpmIndex, requestedFiles: readonly string[] = []): CudfWorld {
  const packages = [...index.names()].flatMap((name) => index.byName(name));
  const evrs = new Map<string, Set<string>>();
  for (const { name, evr } of packages.flatMap(provided)) {
    if (evr !== undefined) evrs.set(name, (evrs.get(name) ?? new Set()).add(evr));
  }
  const ordered = new Map([...evrs].map(([name, known]) => [name, [...known].sort(compareEvrs)]));
  const neededFiles = packages
    .flatMap(({ requires, preRequires, conflicts }) => [requires, preRequires, conflicts].flatMap(parseRpmRelations))
    .flatMap((relation) => (relation.kind === "capability" && relation.name.startsWith("/") ? [relation.name] : []));
  const filesOf = Map.groupBy(
    [...new Set([...neededFiles, ...requestedFiles])].flatMap((file) =>
      index.ownersOf(file).map(({ sha256 }) => ({ file, sha256 })),
    ),
    ({ sha256 }) => sha256,
  );
  const obsoleters = new Map<string, string[]>();
  for (const { name, obsoletes } of packages) {
    for (const entry of parseRpmRelations(obsoletes)) {
      if (entry.kind !== "capability" || entry.name === name) continue;
      if (entry.operator !== undefined)
        throw new Error(`a request of ${entry.name} depends on versions: ${entry.text}`);
      obsoleters.set(entry.name, [...(obsoleters.get(entry.name) ?? []), name]);
    }
  }

  /** Versions count from 2, so that there is something below each of them. */
  function numberOf(name: string, evr: string): number {
    return (ordered.get(name) ?? []).indexOf(evr) + 2;
  }

  /** The versions that a relation means: any one of the constraints holds. */
  function constraints({ name, operator, evr = "" }: RpmCapability, feature = name): readonly string[] {
    const word = cudfName(feature);
    if (operator === undefined) return [word];
    const known = ordered.get(name) ?? [];
    // What names no release means all of them.
    const bare = (text: string): string => (evr.includes("-") ? text : text.replace(/-[^-]*$/, ""));
    const below = known.filter((one) => compareEvrs(bare(one), evr) < 0).length + 1;
    const upTo = known.filter((one) => compareEvrs(bare(one), evr) <= 0).length + 1;
    if (operator === ">=") return [`${word} > ${below}`];
    if (operator === ">") return [`${word} > ${upTo}`];
    if (operator === "<=") return [`${word} <= ${upTo}`];
    if (operator === "<") return [`${word} <= ${below}`];
    const equal = Array.from({ length: upTo - below }, (_, at) => `${word} = ${below + 1 + at}`);
    // No package has version 1, but what is provided without a version is every one.
    return equal.length > 0 ? equal : [`${word} = 1`];
  }

  /** Clauses that all hold, each of alternatives. */
  function clauses(field: string): readonly string[] {
    return parseRpmRelations(field).flatMap((relation) => {
      if (relation.kind === "capability") return [constraints(relation).join(" | ")];
      if (relation.kind === "malformed" || relation.operator !== "or") throw new Error(`not in CUDF: ${relation.text}`);
      const alternatives = relation.operands.flatMap((operand) => {
        if (operand.kind !== "capability") throw new Error(`not in CUDF: ${relation.text}`);
        return constraints(operand);
      });
      return [alternatives.join(" | ")];
    });
  }

  function stanza(one: RpmPackage): string {
    const { name, version, requires, preRequires, conflicts, obsoletes, sha256 } = one;
    const features = [
      `${cudfName(itself(name))} = ${numberOf(name, version)}`,
      ...provided(one).map((provision) => {
        if (provision.evr === undefined) return cudfName(provision.name);
        return `${cudfName(provision.name)} = ${numberOf(provision.name, provision.evr)}`;
      }),
      ...(filesOf.get(sha256) ?? []).map(({ file }) => cudfName(file)),
    ];
    const rivals = capabilitiesOf(conflicts).flatMap((entry) => constraints(entry));
    // Obsoletes are about names, not about what is provided.
    const obsolete = capabilitiesOf(obsoletes)
      .filter((entry) => entry.name !== name)
      .flatMap((entry) => constraints(entry, itself(entry.name)));
    return cudfStanza(name, numberOf(name, version), {
      depends: [...clauses(preRequires), ...clauses(requires)],
      // Nothing conflicts with itself, so that this means other versions.
      conflicts: [cudfName(itself(name)), ...rivals, ...obsolete],
      provides: features,
    });
  }

  /** A request means a package of the name, or what takes its place. */
  function requestClause(request: string): string {
    const [relation] = parseRpmRelations(request);
    if (relation?.kind !== "capability") throw new Error(`no request: ${request}`);
    const { name, operator } = relation;
    if (index.byName(name).length === 0) return constraints(relation).join(" | ");
    const replacing = operator === undefined ? (obsoleters.get(name) ?? []) : [];
    return [...constraints(relation, itself(name)), ...replacing.map((other) => cudfName(itself(other)))].join(" | ");
  }

  return {
    stanza,
    pseudoPackage: (name, requests) =>
      cudfStanza(name, 1, { depends: requests.map(requestClause), conflicts: [], provides: [] }),
  };
}

/** The names among `checked` that dose-distcheck cannot install within the stanzas. */
export function cudfFailures(stanzas: readonly string[], checked: readonly string[]): ReadonlySet<string> {
  const directory = mkdtempSync(path.join(tmpdir(), "resolver-rpm-dose-"));
  try {
    // It opens CUDF by name only.
    const file = path.join(directory, "packages.cudf");
    writeFileSync(file, `preamble: \n\n${stanzas.join("\n")}`);
    const options = ["-tcudf", "--failures", `--checkonly=${checked.join(",")}`];
    const { stdout, stderr, status } = spawnSync("dose-distcheck", [...options, file], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    // 0: nothing is broken; 1 to 63: something is.
    if (status === null || status > 63) throw new Error(`dose-distcheck failed: ${stderr}`);
    return new Set([...stdout.matchAll(/^\s*package: (\S+)$/gm)].map(([, name]) => name ?? ""));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function cudfStanza(name: string, version: number, fields: Readonly<Record<string, readonly string[]>>): string {
  return [
    `package: ${cudfName(name)}`,
    `version: ${version}`,
    ...Object.entries(fields).flatMap(([field, parts]) =>
      parts.length === 0 ? [] : [`${field}: ${parts.join(" , ")}`],
    ),
    "",
  ].join("\n");
}

/** A name that no package provides: the package of that name alone. */
function itself(name: string): string {
  return `itself--${name}`;
}

function cudfName(name: string): string {
  return name.replaceAll(/[^-0-9A-Za-z+./@()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Every package provides itself. */
function provided({ name, version, provides }: RpmPackage): readonly { name: string; evr: string | undefined }[] {
  return [
    { name, evr: version },
    ...capabilitiesOf(provides).map((provision) => {
      const { operator, evr } = provision;
      if (operator !== undefined && (operator !== "=" || evr?.includes("-") !== true)) {
        throw new Error(`not in CUDF: ${provision.text}`);
      }
      return { name: provision.name, evr };
    }),
  ];
}

function capabilitiesOf(field: string): readonly RpmCapability[] {
  return parseRpmRelations(field).map((relation) => {
    if (relation.kind !== "capability") throw new Error(`not in CUDF: ${relation.text}`);
    return relation;
  });
}
