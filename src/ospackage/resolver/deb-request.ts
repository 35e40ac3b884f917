import { isGlob } from "../../core/index.ts";
import { compareDebVersions, type DebOperator } from "../deb/index.ts";
import type { DebPool } from "./deb-pool.ts";
import { versionFits } from "./deb-relation.ts";
import { beginsWith, type PackageRequest, selectByGlob, type Selection } from "./package-request.ts";
import type { SolvableId } from "./solver-provider.ts";

const VERSIONED = /^([^\s<>=_]+)\s*(<<|<=|>=|>>|=|<|>)\s*(\S+)$/;
/** People write `<` where Debian's control files have `<<`. */
const OPERATORS: Readonly<Record<string, DebOperator>> = { "<": "<<", ">": ">>" };
const FILE_NAME = /^([^\s<>=_]+)_([^\s_]+)(?:_(\w+)(?:\.deb)?)?$/;

/**
 * The candidates of a request: `name`, `name=version`, `name>=version` (also `<=`, `>`, `<`, and Debian's `>>`, `<<`),
 * `name_version` (with or without epoch), a virtual name, or a glob.
 *
 * A glob selects every package whose name it matches. Kernels are the exception, because several of them would only
 * fill the disk: a glob that starts with `linux-image-` selects the one with the newest version, of equal ones the one
 * whose name has the fewest words for a flavour, then the shortest name, so that `linux-image-*` is `linux-image-amd64`
 * and `linux-image-*-amd64` is the plain kernel rather than a `cloud` or `rt` one.
 */
export function selectDebPackages({ text, versionPrefix }: PackageRequest, pool: DebPool): Selection {
  const wanted = text.trim();
  const fits = (id: SolvableId): boolean =>
    versionPrefix === undefined || beginsWith(pool.solvable(id).package.version, versionPrefix);
  if (isGlob(wanted)) {
    const selected = selectByGlob(wanted, pool, fits);
    const requirements = wanted.startsWith(KERNEL_PREFIX) ? newestKernel(selected, pool) : selected;
    return { requirements, name: wanted, glob: true };
  }
  const [name, found] = selectByName(wanted, pool);
  const candidates = found.filter(fits);
  return { requirements: candidates.length === 0 ? [] : [candidates], name, glob: false };
}

function selectByName(wanted: string, pool: DebPool): readonly [string, readonly SolvableId[]] {
  const [, name, operator, version] = VERSIONED.exec(wanted) ?? [];
  if (name !== undefined && operator !== undefined && version !== undefined) {
    return [
      name,
      pool.matches(
        { name, archQualifier: undefined, operator: OPERATORS[operator] ?? (operator as DebOperator), version },
        "positive",
      ),
    ];
  }
  const [, fileName, fileVersion] = FILE_NAME.exec(wanted) ?? [];
  if (fileName !== undefined && fileVersion !== undefined) {
    const versions = pool.versionsOf(fileName);
    return [fileName, versions.filter((id) => isVersion(pool.solvable(id).package.version, fileVersion))];
  }
  const anyVersion = { archQualifier: undefined, operator: undefined, version: undefined };
  return [wanted, pool.matches({ name: wanted, ...anyVersion }, "positive")];
}

/** File names leave the epoch out. */
function isVersion(version: string, wanted: string): boolean {
  const withoutEpoch = version.replace(/^\d+:/, "");
  return [version, withoutEpoch].some((form) => versionFits(form, { operator: "=", version: wanted }));
}

const KERNEL_PREFIX = "linux-image-";

function newestKernel(kernels: readonly (readonly SolvableId[])[], pool: DebPool): readonly (readonly SolvableId[])[] {
  const preferred = ([id]: readonly SolvableId[]) => pool.solvable(id ?? -1).package;
  return kernels
    .toSorted((a, b) => {
      const [first, second] = [preferred(a), preferred(b)];
      return (
        compareDebVersions(second.version, first.version) ||
        flavourWords(first.name) - flavourWords(second.name) ||
        first.name.length - second.name.length
      );
    })
    .slice(0, 1);
}

/** Versions start with a digit, flavours and architectures don't. */
function flavourWords(name: string): number {
  return name.split("-").filter((word) => /^[a-z]/.test(word)).length;
}
