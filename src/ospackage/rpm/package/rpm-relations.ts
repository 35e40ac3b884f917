import type { RpmRefusals } from "./rpm-files.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { RPM_TAG } from "./rpm-tags.ts";

/** Bits of the flags of a relation. @see rpm.org, "RPM Tags", Dependency flags */
export const SENSE = {
  less: 1 << 1,
  greater: 1 << 2,
  equal: 1 << 3,
  preRequires: 1 << 6,
  forPre: 1 << 9,
  forPost: 1 << 10,
} as const;

/** The relations of a package, each list as the text of {@link RpmPackage} has it: one entry after the other with a tab between. */
export interface RpmRelations {
  /** Without those of `preRequires`. */
  readonly requires: string;
  /** Needed in working order before the package is installed. */
  readonly preRequires: string;
  readonly provides: string;
  readonly conflicts: string;
  readonly obsoletes: string;
  readonly recommends: string;
  readonly suggests: string;
  readonly supplements: string;
  readonly enhances: string;
}

interface Relation {
  readonly text: string;
  readonly flags: number;
}

/** Of all kinds together: a kernel that provides each of its symbols has 30,000. */
const MAX_RELATIONS = 100_000;

/** @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} */
export function readRelations(header: RpmHeader, { invalid: refuse, tooLarge }: RpmRefusals): RpmRelations {
  let total = 0;
  const read = (names: number, flags: number, versions: number): readonly Relation[] => {
    const count = header.count(names);
    total += count;
    if (count !== header.count(flags) || count !== header.count(versions)) {
      throw refuse("its relations have names, flags and versions of different number");
    }
    if (total > MAX_RELATIONS) {
      throw tooLarge(`it has ${total} relations or more, and no more than ${MAX_RELATIONS} are read`);
    }
    return relationsOf(header.strings(names), header.numbers(flags), header.strings(versions), refuse);
  };
  const { requireNames, requireFlags, requireVersions } = RPM_TAG;
  const required = read(requireNames, requireFlags, requireVersions);
  return {
    requires: textOf(required.filter((relation) => !isNeededBefore(relation))),
    preRequires: textOf(required.filter(isNeededBefore)),
    provides: textOf(read(RPM_TAG.provideNames, RPM_TAG.provideFlags, RPM_TAG.provideVersions)),
    conflicts: textOf(read(RPM_TAG.conflictNames, RPM_TAG.conflictFlags, RPM_TAG.conflictVersions)),
    obsoletes: textOf(read(RPM_TAG.obsoleteNames, RPM_TAG.obsoleteFlags, RPM_TAG.obsoleteVersions)),
    recommends: textOf(read(RPM_TAG.recommendNames, RPM_TAG.recommendFlags, RPM_TAG.recommendVersions)),
    suggests: textOf(read(RPM_TAG.suggestNames, RPM_TAG.suggestFlags, RPM_TAG.suggestVersions)),
    supplements: textOf(read(RPM_TAG.supplementNames, RPM_TAG.supplementFlags, RPM_TAG.supplementVersions)),
    enhances: textOf(read(RPM_TAG.enhanceNames, RPM_TAG.enhanceFlags, RPM_TAG.enhanceVersions)),
  };
}

function relationsOf(
  names: readonly string[],
  flags: readonly number[],
  versions: readonly string[],
  refuse: (state: string) => Error,
): Relation[] {
  return names.map((name, index) => {
    // A tab ends an entry and a blank a name; other control characters would only reach somebody's terminal.
    const isPlain = name.startsWith("(") ? !/[\u0000-\u001f\u007f]/.test(name) : !/[\u0000-\u0020\u007f]/.test(name);
    if (name === "" || !isPlain) throw refuse("a relation of it has no plain name");
    const [flag = 0, version = ""] = [flags[index], versions[index]];
    if (/[\u0000-\u0020\u007f]/.test(version)) throw refuse(`the version in its relation "${name}" is not plain`);
    return { text: relationText(name, flag, version), flags: flag };
  });
}

/** `name`, or `name <op> version`. */
export function relationText(name: string, flags: number, version: string): string {
  const operator = operatorOf(flags);
  return operator === "" || version === "" ? name : `${name} ${operator} ${version}`;
}

function operatorOf(flags: number): string {
  const [less, greater, equal] = [SENSE.less, SENSE.greater, SENSE.equal].map((bit) => (flags & bit) !== 0);
  return `${less === true ? "<" : ""}${greater === true ? ">" : ""}${equal === true ? "=" : ""}`;
}

function isNeededBefore({ flags }: Relation): boolean {
  return (flags & (SENSE.preRequires | SENSE.forPre | SENSE.forPost)) !== 0;
}

/** Each entry once: the same requirement of several scriptlets differs in its flags only. */
function textOf(relations: readonly Relation[]): string {
  return [...new Set(relations.map(({ text }) => text))].join("\t");
}
