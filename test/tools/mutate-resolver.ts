/**
 * Switches off, one after the other, what the resolver does with each kind of relation, and runs its unit tests on the
 * changed copy: they have to fail.
 *
 * `--only NAME`, which can be repeated, makes these changes alone.
 * Prints a table; exit code 1 when a change went unnoticed, when its place is gone, or when the tests fail without any.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

interface Mutation {
  /** What no longer works. */
  readonly name: string;
  /** Below {@link RESOLVER}. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test that has to notice. */
  readonly test?: string;
}

const RESOLVER = "src/ospackage/resolver";
const DEB_TEST = "resolve-deb.test.ts";
const RPM_TEST = "resolve-rpm.test.ts";
const CHOICE_TEST = "rule-decisions.test.ts";
const ORDER_TEST = "installation-order.test.ts";

const MUTATIONS: readonly Mutation[] = [
  {
    name: "Conflicts",
    file: "deb-provider.ts",
    find: "...parseRelations(conflicts), ",
    replace: "",
  },
  { name: "Breaks", file: "deb-provider.ts", find: ", ...parseRelations(breaks)", replace: "" },
  {
    name: "Depends",
    file: "deb-provider.ts",
    find: ', ...requirementsOf(solvable, "depends")',
    replace: "",
  },
  {
    name: "Pre-Depends as a need",
    file: "deb-provider.ts",
    find: '...requirementsOf(solvable, "preDepends"), ',
    replace: "",
  },
  {
    name: "Pre-Depends first in circles",
    file: "installation-order.ts",
    find: "return [count(preDependencies), count(closure), ",
    replace: "return [",
  },
  {
    name: "what a Pre-Depends needs first in circles",
    file: "installation-order.ts",
    find: "return [count(preDependencies), count(closure), ",
    replace: "return [count(preDependencies), ",
  },
  {
    name: "alternatives after the first",
    file: "deb-provider.ts",
    find: "wanted.alternatives.flatMap(",
    replace: "wanted.alternatives.slice(0, 1).flatMap(",
  },
  {
    name: "order of alternatives",
    file: "deb-provider.ts",
    find: "wanted.alternatives.flatMap(",
    replace: "wanted.alternatives.toReversed().flatMap(",
  },
  {
    name: "versions in relations",
    file: "deb-relation.ts",
    find: "versionSatisfies(version, operator, bound)",
    replace: "true",
  },
  {
    name: "Provides",
    file: "deb-pool.ts",
    find: "return [...real, ...virtual].filter(",
    replace: "return real.filter(",
  },
  {
    name: "real before virtual",
    file: "deb-pool.ts",
    find: "return [...real, ...virtual].filter(",
    replace: "return [...virtual, ...real].filter(",
  },
  {
    name: "Provides with a version",
    file: "deb-relation.ts",
    find: "(version !== undefined && versionFits(version, relation))",
    replace: "false",
  },
  {
    name: "version of a Provides",
    file: "deb-relation.ts",
    find: "(version !== undefined && versionFits(version, relation))",
    replace: "version !== undefined",
  },
  {
    name: "Provides without a version",
    file: "deb-relation.ts",
    find: "(version !== undefined && versionFits(version, relation))",
    replace: "version === undefined || versionFits(version, relation)",
  },
  {
    name: "Multi-Arch: allowed for :any",
    file: "deb-relation.ts",
    find: 'multiArch === "allowed"',
    replace: "true",
  },
  {
    name: "Multi-Arch: foreign refused for :any",
    file: "deb-relation.ts",
    find: 'multiArch === "allowed"',
    replace: '(multiArch === "allowed" || multiArch === "foreign")',
  },
  {
    name: ":any in Conflicts",
    file: "deb-relation.ts",
    find: 'purpose === "negative" || ',
    replace: "",
  },
  {
    name: "named architecture",
    file: "deb-relation.ts",
    find: "return archQualifier === architecture || ",
    replace: "return true || ",
  },
  {
    name: "architecture of packages",
    file: "deb-pool.ts",
    find: 'candidate.architecture === architecture || candidate.architecture === "all"',
    replace: "candidate !== undefined",
  },
  {
    name: "Architecture: all",
    file: "deb-pool.ts",
    find: ' || candidate.architecture === "all"',
    replace: "",
  },
  {
    name: "priority of repositories",
    file: "package-pool.ts",
    find: "b.repository.source.priority - a.repository.source.priority ||",
    replace: "",
  },
  {
    name: "negative priority",
    file: "package-pool.ts",
    find: "    .filter(({ source }) => source.priority >= 0)\n",
    replace: "",
  },
  {
    name: "newest version",
    file: "package-pool.ts",
    find: "compareVersions(b.package.version, a.package.version)",
    replace: "compareVersions(a.package.version, b.package.version)",
  },
  {
    name: "Priority field of providers",
    file: "deb-pool.ts",
    find: "priorityRank(solvable(a).package) - priorityRank(solvable(b).package)",
    replace: "0 * priorityRank(solvable(a).package) * b",
  },
  {
    name: "allowPackages",
    file: "package-pool.ts",
    find: "allowPackages === undefined ? () => true : nameFilter(allowPackages)",
    replace: "() => allowPackages !== null",
  },
  {
    name: "exclusions",
    file: "package-pool.ts",
    find: "if (excluded(name)) return [];",
    replace: "",
  },
  {
    name: "one version of a name",
    file: "deb-provider.ts",
    find: "versions: (solvable) => pool.versionsOf(nameOf(solvable))",
    replace: "versions: () => []",
  },
  {
    name: "Essential",
    file: "deb-problem.ts",
    find: "return essential || ",
    replace: "return essential === undefined || ",
  },
  {
    name: "Priority: required",
    file: "deb-problem.ts",
    find: 'return essential || priority === "required"',
    replace: "return essential && priority !== undefined",
  },
  {
    name: "a requested package is itself",
    file: "deb-problem.ts",
    find: "named.length > 0 ? named : candidates",
    replace: "candidates",
  },
  {
    name: "rpm: Requires",
    file: "rpm-provider.ts",
    find: '      ...requirementsOf(solvable, "requires"),\n',
    replace: "",
  },
  {
    name: "rpm: Requires(pre) as a need",
    file: "rpm-provider.ts",
    find: '      ...requirementsOf(solvable, "preRequires"),\n',
    replace: "",
  },
  {
    name: "rpm: Requires(pre) before others in circles",
    file: "explain/explain-rpm.ts",
    find: 'kind: "pre-depends" }',
    replace: 'kind: "depends" }',
  },
  { name: "rpm: Conflicts", file: "rpm-provider.ts", find: "[...rivals, ...obsolete]", replace: "[...obsolete]" },
  { name: "rpm: Obsoletes", file: "rpm-provider.ts", find: "[...rivals, ...obsolete]", replace: "[...rivals]" },
  {
    name: "rpm: Obsoletes by name alone",
    file: "rpm-provider.ts",
    find: "pool.obsoletedBy(entry)",
    replace: "pool.matches(entry)",
  },
  {
    name: "rpm: versions in Obsoletes",
    file: "rpm-pool.ts",
    find: "entry.name === target.name && capabilitiesOverlap(ownCapability(target), entry)",
    replace: "entry.name === target.name",
  },
  {
    name: "rpm: what obsoletes a requested package",
    file: "rpm-request.ts",
    find: "...pool.obsoletersOf(newest), ",
    replace: "",
  },
  {
    name: "rpm: obsolete candidates last",
    file: "rpm-preference.ts",
    find: "withoutObsolete(newest, comparison)",
    replace: "newest",
  },
  {
    name: "rpm: conflict with itself",
    file: "solve.ts",
    find: "provider.conflicts(solvable).filter((other) => other !== solvable)",
    replace: "provider.conflicts(solvable)",
    test: RPM_TEST,
  },
  {
    name: "rpm: rich Conflicts",
    file: "rpm-provider.ts",
    find: '      ...requirementsOf(solvable, "conflicts"),\n',
    replace: "",
  },
  {
    name: "rpm: rich conflict with itself",
    file: "rpm-provider.ts",
    find: "\n      .filter((id) => !isWithItself(solvable, requirement(id)))",
    replace: "",
  },
  {
    name: "rpm: Provides",
    file: "rpm-pool.ts",
    find: "[...versionsOf(name), ...providersOf(name)]",
    replace: "[...versionsOf(name)]",
  },
  {
    name: "rpm: versions in Requires",
    file: "rpm-pool.ts",
    find: "provided === undefined || provided.some((provision) => capabilitiesOverlap(provision, capability))",
    replace: "provided === undefined || provided.length > 0",
  },
  {
    name: "rpm: Provides without a version",
    file: "../rpm/rpm-capability.ts",
    find: "if (a.operator === undefined || b.operator === undefined) return true;",
    replace: "if (a.operator === undefined || b.operator === undefined) return a.operator === b.operator;",
  },
  {
    name: "rpm: files",
    file: "rpm-pool.ts",
    find: "offers.indexes.flatMap((index) => index.ownersOf(name))",
    replace: "[]",
  },
  {
    name: "rpm: paths that are provided",
    file: "rpm-pool.ts",
    find: "inOrder([...solvablesOf(providers), ...solvablesOf(owners)])",
    replace: "inOrder(isPath ? solvablesOf(owners) : solvablesOf(providers))",
  },
  { name: "rpm: wanted file lists", file: "rpm-pool.ts", find: "onUnknownOwner(name)", replace: "void name" },
  { name: "rpm: unknown rpmlib()", file: "rpm-provider.ts", find: " && rpmHas(relation)", replace: "" },
  {
    name: "rpm: known rpmlib()",
    file: "rpm-provider.ts",
    find: "relations.filter((relation) => !isFilledByRpm(relation))",
    replace: "relations.filter((relation) => isFilledByRpm(relation) !== undefined)",
  },
  {
    name: "rpm: and",
    file: "rich-clauses.ts",
    find: '(relation.operator === "and") === isTrue',
    replace: "false",
  },
  { name: "rpm: or", file: "rich-clauses.ts", find: '(relation.operator === "and") === isTrue', replace: "true" },
  {
    name: "rpm: if",
    file: "rich-clauses.ts",
    find: "? either(clausesOf(consequence, true), clausesOf(condition, false))",
    replace: "? clausesOf(consequence, true)",
  },
  {
    name: "rpm: if does something",
    file: "rich-clauses.ts",
    find: "? either(clausesOf(consequence, true), clausesOf(condition, false))",
    replace: "? []",
  },
  {
    name: "rpm: else of if",
    file: "rich-clauses.ts",
    find: "either(clausesOf(otherwise, true), clausesOf(condition, true))",
    replace: "[]",
  },
  {
    name: "rpm: unless",
    file: "rich-clauses.ts",
    find: "? limited([...clausesOf(consequence, true), ...clausesOf(condition, false)])",
    replace: "? clausesOf(consequence, true)",
  },
  {
    name: "rpm: else of unless",
    file: "rich-clauses.ts",
    find: "? either(then, [...clausesOf(otherwise, true), ...clausesOf(condition, true)])",
    replace: "? then",
  },
  {
    name: "rpm: unless in Conflicts",
    file: "rich-clauses.ts",
    find: ": either(clausesOf(consequence, false), clausesOf(condition, true));",
    replace: ": clausesOf(consequence, false);",
  },
  {
    name: "rpm: with",
    file: "rich-clauses.ts",
    find: 'right.has(id) === (operator === "with")',
    replace: 'operator === "with" || !right.has(id)',
  },
  {
    name: "rpm: without",
    file: "rich-clauses.ts",
    find: 'right.has(id) === (operator === "with")',
    replace: 'operator === "without" || right.has(id)',
  },
  {
    name: "rpm: conditions of clauses",
    file: "solve.ts",
    find: "...conditions.map(absent), ",
    replace: "",
    test: RPM_TEST,
  },
  {
    name: "rpm: architectures that nobody names",
    file: "rpm-pool.ts",
    find: '[architecture, "noarch"].includes(candidate.architecture) || foreign.has(candidate.architecture)',
    replace: "candidate !== undefined",
  },
  {
    name: "rpm: architectures that are named",
    file: "rpm-pool.ts",
    find: " || foreign.has(candidate.architecture)",
    replace: "",
  },
  {
    name: "rpm: two architectures side by side",
    file: "rpm-provider.ts",
    find: "sharesArchitecture(own, pool.solvable(other).package)",
    replace: "own.name === pool.solvable(other).package.name",
  },
  {
    name: "rpm: install-only",
    file: "rpm-provider.ts",
    find: "if (pool.isInstallOnly(solvable)) return [];",
    replace: "",
  },
  {
    name: "rpm: one version of a name",
    file: "rpm-provider.ts",
    find: "if (pool.isInstallOnly(solvable)) return [];",
    replace: "if (solvable >= 0) return [];",
  },
  {
    name: "rpm: priority among candidates",
    file: "rpm-preference.ts",
    find: "b.priority - a.priority || ",
    replace: "",
  },
  {
    name: "rpm: newest first",
    file: "rpm-preference.ts",
    find: "compareEvrs(b.version, a.version)",
    replace: "compareEvrs(a.version, b.version)",
  },
  {
    name: "rpm: newest of what several provide",
    file: "rpm-preference.ts",
    find: "a.drawbacks - b.drawbacks || ",
    replace: "",
  },
  {
    name: "rpm: outdated providers last",
    file: "rpm-preference.ts",
    find: "Number(a.isOld) - Number(b.isOld) || ",
    replace: "",
  },
  {
    name: "rpm: choices last",
    file: "rule-rounds.ts",
    find: "if (best.length === 1) {",
    replace: "if (best.length > 0) {",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: choices after wishes",
    file: "rule-decisions.ts",
    find: "nextWish() ?? nextRule()",
    replace: "nextRule() ?? nextWish()",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: choices once more for what came anyway",
    file: "choice-branches.ts",
    find: "if (later !== undefined) return later;",
    replace: "",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: choices once more for what is recommended",
    file: "choice-branches.ts",
    find: "return untried.find((solvable) => choices.isRecommended(solvable, chosen));",
    replace: "return undefined;",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: choices by later packages first",
    file: "requirement-rules.ts",
    find: "choices.compare(b.solvable, a.solvable)",
    replace: "choices.compare(a.solvable, b.solvable)",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: rules of what is chosen only",
    file: "rule-rounds.ts",
    find: "open.isInstalled(solvable) ? open.candidatesOf(requirement) : undefined",
    replace: "solvable >= 0 ? open.candidatesOf(requirement) : undefined",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: recommended first among equals",
    file: "rpm-choices.ts",
    find: "wanted.length > 0 ? wanted : best",
    replace: "wanted.length < 0 ? wanted : best",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: conditions of what is recommended",
    file: "rpm-choices.ts",
    find: "conditions.every((condition) => isChosen.has(condition))",
    replace: "conditions.length >= 0",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: Supplements among equals",
    file: "rpm-choices.ts",
    find: 'wishTest(["recommends", "supplements"])',
    replace: 'wishTest(["recommends", "enhances"])',
    test: CHOICE_TEST,
  },
  {
    name: "rpm: Suggests among equals",
    file: "rpm-choices.ts",
    find: "Number(suggested(b, chosen)) - Number(suggested(a, chosen))",
    replace: "0 * Number(suggested(b, chosen)) * a",
    test: CHOICE_TEST,
  },
  {
    name: "rpm: Enhances among equals",
    file: "rpm-choices.ts",
    find: 'wishTest(["suggests", "enhances"])',
    replace: 'wishTest(["suggests", "supplements"])',
    test: CHOICE_TEST,
  },
  {
    name: "rpm: Recommends",
    file: "rpm-provider.ts",
    find: '[...requirementsOf(solvable, "recommends"), ...requirementsOf(solvable, "supplements")]',
    replace: 'requirementsOf(solvable, "supplements")',
  },
  {
    name: "rpm: Supplements",
    file: "rpm-provider.ts",
    find: '[...requirementsOf(solvable, "recommends"), ...requirementsOf(solvable, "supplements")]',
    replace: 'requirementsOf(solvable, "recommends")',
  },
  {
    name: "rpm: weak dependencies only when asked for",
    file: "rpm-provider.ts",
    find: "installWeak ? [",
    replace: "installWeak || true ? [",
  },
];

const { values: options } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const mutations = MUTATIONS.filter(({ name }) => options.only?.includes(name) ?? true);
if (mutations.length < (options.only ?? []).length) throw new Error("a name of --only is none of a change");

const repository = path.resolve(import.meta.dirname, "../..");
const copy = mkdtempSync(path.join(tmpdir(), "mutate-resolver-"));
try {
  // A change whose place is gone proves nothing: all of them are looked for, also when only some are made.
  for (const mutation of MUTATIONS) placeOf(mutation);
  for (const name of ["src", "schema", "config", "package.json", "tsconfig.json", "vitest.config.ts"]) {
    cpSync(path.join(repository, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(repository, "node_modules"), path.join(copy, "node_modules"));
  const unchanged = firstFailure([DEB_TEST, RPM_TEST, CHOICE_TEST, ORDER_TEST]);
  if (unchanged !== undefined) throw new Error(`the tests fail without any change: ${unchanged}`);
  let unnoticed = 0;
  for (const mutation of mutations) {
    const failure = tryMutation(mutation);
    if (failure === undefined) unnoticed += 1;
    console.log(`${mutation.name.padEnd(44)} ${failure ?? "UNNOTICED"}`);
  }
  console.log(`${mutations.length} changes, ${unnoticed} unnoticed`);
  process.exitCode = unnoticed > 0 ? 1 : 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The text of the file that a change is made in. */
function placeOf({ name, file, find }: Mutation): string {
  const source = readFileSync(path.join(repository, RESOLVER, file), "utf8");
  if (source.split(find).length === 2) return source;
  throw new Error(`the place of "${name}" is not once in ${file}: ${find}`);
}

function tryMutation(mutation: Mutation): string | undefined {
  const { name, file, find, replace, test } = mutation;
  const target = path.join(copy, RESOLVER, file);
  const source = placeOf(mutation);
  writeFileSync(
    target,
    source.replace(find, () => replace),
  );
  try {
    return firstFailure([
      test ?? (name.startsWith("rpm: ") ? RPM_TEST : file === "installation-order.ts" ? ORDER_TEST : DEB_TEST),
    ]);
  } finally {
    writeFileSync(target, source);
  }
}

/** The first unit test that fails in the copy. */
function firstFailure(tests: readonly string[]): string | undefined {
  const vitest = path.join(repository, "node_modules/vitest/vitest.mjs");
  const reportFile = path.join(copy, "report.json");
  const options = ["--root", copy, "--project", "unit", "--bail=1", "--reporter=json", `--outputFile=${reportFile}`];
  const files = tests.map((name) => path.join(RESOLVER, name));
  const { status, stderr } = spawnSync(process.execPath, [vitest, "run", ...options, ...files], {
    cwd: copy,
    encoding: "utf8",
  });
  if (status === 0) return undefined;
  const failed = (JSON.parse(readFileSync(reportFile, "utf8")) as VitestReport).testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find((result) => result.status === "failed");
  // A change that does not even load proves nothing.
  if (failed === undefined) throw new Error(`vitest ended with ${status} and no failed test\n${stderr}`);
  return failed.fullName;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
