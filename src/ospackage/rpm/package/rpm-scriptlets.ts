import type { RpmRefusals } from "./rpm-files.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { relationText } from "./rpm-relations.ts";

export type RpmScriptletKind =
  "pretrans" | "pre" | "post" | "preun" | "postun" | "posttrans" | "preuntrans" | "postuntrans" | "verify";

/** A program that runs when the package is installed or removed. */
export interface RpmScriptlet {
  readonly kind: RpmScriptletKind;
  /** With arguments: `["/bin/sh"]`, `["<lua>"]`, `["/sbin/ldconfig"]`. */
  readonly interpreter: readonly string[];
  /** Empty when the interpreter runs without a script. */
  readonly script: string;
}

export type RpmTriggerKind = "package" | "file" | "transaction-file";

/** A scriptlet that runs when another package, or a file below a path, comes or goes. */
export interface RpmTrigger {
  readonly kind: RpmTriggerKind;
  readonly when: readonly ("prein" | "in" | "un" | "postun")[];
  readonly interpreter: readonly string[];
  readonly script: string;
  /** Names of packages, with their version as in relations; or prefixes of paths. */
  readonly on: readonly string[];
}

/** Tags of a script and its interpreter. */
const SCRIPTLETS: readonly (readonly [RpmScriptletKind, number, number])[] = [
  ["pretrans", 1151, 1153],
  ["pre", 1023, 1085],
  ["post", 1024, 1086],
  ["preun", 1025, 1087],
  ["postun", 1026, 1088],
  ["posttrans", 1152, 1154],
  ["preuntrans", 5104, 5106],
  ["postuntrans", 5105, 5107],
  ["verify", 1079, 1091],
];

type TriggerTags = Readonly<Record<"scripts" | "programs" | "names" | "indexes" | "versions" | "flags", number>>;

const TRIGGERS: readonly (readonly [RpmTriggerKind, TriggerTags])[] = [
  ["package", { scripts: 1065, programs: 1092, names: 1066, indexes: 1069, versions: 1067, flags: 1068 }],
  ["file", { scripts: 5066, programs: 5067, names: 5069, indexes: 5070, versions: 5071, flags: 5072 }],
  ["transaction-file", { scripts: 5076, programs: 5077, names: 5079, indexes: 5080, versions: 5081, flags: 5082 }],
];

const WHEN = [
  ["prein", 1 << 25],
  ["in", 1 << 16],
  ["un", 1 << 17],
  ["postun", 1 << 18],
] as const;

/** An interpreter and its arguments, of which more than one is rare. */
const MAX_INTERPRETER_WORDS = 256;
/** Packages have a few, and what one waits for may be some dozens. */
const MAX_TRIGGERS = 10_000;

/** @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} */
export function readScriptlets(header: RpmHeader, { tooLarge }: RpmRefusals): RpmScriptlet[] {
  return SCRIPTLETS.filter(([, script, program]) => header.has(script) || header.has(program)).map(
    ([kind, script, program]) => {
      const words = header.count(program);
      if (words > MAX_INTERPRETER_WORDS) {
        throw tooLarge(
          `the interpreter of its ${kind} has ${words} words, and no more than ${MAX_INTERPRETER_WORDS} are read`,
        );
      }
      const interpreter = words > 0 ? header.strings(program) : ["/bin/sh"];
      return { kind, interpreter, script: header.text(script) };
    },
  );
}

/** @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} */
export function readTriggers(header: RpmHeader, { invalid: refuse, tooLarge }: RpmRefusals): RpmTrigger[] {
  return TRIGGERS.flatMap(([kind, tags]) => {
    const most = Math.max(...Object.values(tags).map((tag) => header.count(tag)));
    if (most > MAX_TRIGGERS) throw tooLarge(`it has ${most} triggers, and no more than ${MAX_TRIGGERS} are read`);
    const scripts = header.texts(tags.scripts);
    const programs = header.strings(tags.programs);
    const causes = causesOf(header, tags, scripts.length, refuse);
    return scripts.map((script, number): RpmTrigger => {
      const own = causes[number] ?? [];
      const bits = own.reduce((all, { flags }) => all | flags, 0);
      return {
        kind,
        when: WHEN.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name),
        interpreter: [programs[number] ?? "/bin/sh"],
        script,
        on: own.map(({ name, flags, version }) => relationText(name, flags, version)),
      };
    });
  });
}

interface Cause {
  readonly name: string;
  readonly flags: number;
  readonly version: string;
}

/** What each script waits for. */
function causesOf(
  header: RpmHeader,
  tags: TriggerTags,
  scriptCount: number,
  refuse: (state: string) => Error,
): Cause[][] {
  const [names, versions] = [header.strings(tags.names), header.strings(tags.versions)];
  const [indexes, flags] = [header.numbers(tags.indexes), header.numbers(tags.flags)];
  if ([versions, indexes, flags].some(({ length }) => length !== names.length)) {
    throw refuse("its triggers have names, versions and flags of different number");
  }
  const causes = Array.from({ length: scriptCount }, (): Cause[] => []);
  for (const [index, name] of names.entries()) {
    const cause = { name, flags: flags[index] ?? 0, version: versions[index] ?? "" };
    const own = causes[indexes[index] ?? -1];
    if (own === undefined) throw refuse(`its trigger on "${name}" has no script`);
    own.push(cause);
  }
  return causes;
}
