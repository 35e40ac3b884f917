import { isGlob } from "../../core/index.ts";
import { capabilitiesOverlap, readCapability, type RpmCapability } from "../rpm/rpm-capability.ts";
import { beginsWith, type PackageRequest, selectByGlob, type Selection } from "./package-request.ts";
import type { RpmPool } from "./rpm-pool.ts";
import type { SolvableId } from "./solver-provider.ts";

const ARCHITECTURE = /\.(noarch|x86_64|aarch64|i[3-6]86|armv7hl|ppc64le|s390x|riscv64)$/;

/** The architectures other than the system's own that requests name: `i686` for `glibc.i686`. */
export function foreignArchitectures(requests: readonly PackageRequest[], own: string): ReadonlySet<string> {
  const named = requests.flatMap(({ text }) => ARCHITECTURE.exec(text.trim())?.[1] ?? []);
  return new Set(named.filter((architecture) => architecture !== own && architecture !== "noarch"));
}

/**
 * The candidates of a request: `name`, `name-version`, `name-version-release`, each also with `.architecture`,
 * `name = version` and other comparisons, a glob of names, a path, or anything that packages provide.
 *
 * What obsoletes the newest package of a name is taken in its place, as dnf does. What provides a name fills a request
 * for it only where no package has the name.
 */
export function selectRpmPackages({ text, versionPrefix }: PackageRequest, pool: RpmPool): Selection {
  const wanted = text.trim();
  const fits = (id: SolvableId): boolean =>
    versionPrefix === undefined || beginsWith(pool.solvable(id).package.version, versionPrefix);
  if (isGlob(wanted)) {
    const selected = selectByGlob(wanted, pool, fits).map((versions) => ownFirst(versions, pool));
    return { requirements: selected, name: wanted, glob: true };
  }
  const [name, found] = selectByName(wanted, pool);
  const candidates = ARCHITECTURE.test(wanted) ? found.filter(fits) : ownFirst(found.filter(fits), pool);
  return { requirements: candidates.length === 0 ? [] : [candidates], name, glob: false };
}

/** Who names no architecture means the system's own where there is one. */
function ownFirst(found: readonly SolvableId[], pool: RpmPool): readonly SolvableId[] {
  const own = found.filter((id) => !pool.isForeign(id));
  return own.length > 0 ? own : found;
}

type NamedCandidates = readonly [name: string, candidates: readonly SolvableId[]];

function selectByName(wanted: string, pool: RpmPool): NamedCandidates {
  const [newest, ...older] = pool.versionsOf(wanted);
  if (newest !== undefined) {
    return [wanted, pool.inOrder([...pool.obsoletersOf(newest), newest, ...older])];
  }
  const provided = pool.matches({
    kind: "capability",
    text: wanted,
    name: wanted,
    operator: undefined,
    evr: undefined,
  });
  if (provided.length > 0) return [wanted, provided];
  return byComparison(wanted, pool) ?? byFileName(wanted, pool) ?? [wanted, []];
}

const COMPARISON = /^([^\s<>=]+)\s*(<=|>=|==?|<|>)\s*(\S+)$/;

function byComparison(wanted: string, pool: RpmPool): NamedCandidates | undefined {
  const [, name, operator, evr] = COMPARISON.exec(wanted) ?? [];
  const capability = readCapability(`${name} ${operator} ${evr}`);
  if (name === undefined || capability === undefined) return undefined;
  const versions = pool.versionsOf(name);
  return [name, versions.length > 0 ? fitting(versions, capability, pool) : pool.matches(capability)];
}

/** As package files are called, with or without release and architecture. */
function byFileName(wanted: string, pool: RpmPool): NamedCandidates | undefined {
  const bare = wanted.replace(ARCHITECTURE, "");
  const architecture = bare === wanted ? undefined : wanted.slice(bare.length + 1);
  const isWanted = (id: SolvableId): boolean =>
    architecture === undefined || pool.solvable(id).package.architecture === architecture;
  const words = bare.split("-");
  for (const length of [words.length, words.length - 1, words.length - 2]) {
    if (length < 1) break;
    const name = words.slice(0, length).join("-");
    const versions = pool.versionsOf(name).filter(isWanted);
    if (versions.length === 0) continue;
    if (length === words.length) return [name, versions];
    const evr = words.slice(length).join("-");
    const capability = readCapability(`${name} = ${evr}`);
    return [name, capability === undefined ? [] : fitting(versions, capability, pool)];
  }
  return undefined;
}

/** A version without epoch means any. */
function fitting(
  versions: readonly SolvableId[],
  { evr = "", ...capability }: RpmCapability,
  pool: RpmPool,
): readonly SolvableId[] {
  const hasEpoch = /^\d+:/.test(evr);
  return versions.filter((id) => {
    const { name, version } = pool.solvable(id).package;
    const own = hasEpoch ? version : version.replace(/^\d+:/, "");
    const provided: RpmCapability = { kind: "capability", text: name, name, operator: "=", evr: own };
    return capabilitiesOverlap(provided, { ...capability, evr });
  });
}
