/**
 * Checks which module imports which, by the rules of .dependency-cruiser.cjs.
 *
 * Exit code 1 for a violation, and also when the check did not see every module of src/: a parser that silently
 * skips files would find nothing wrong.
 */
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type IConfiguration, type ICruiseResult, cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";

const repository = path.resolve(import.meta.dirname, "../..");
process.chdir(repository);

const configuration = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as IConfiguration;
const { forbidden = [], options = {} } = configuration;
const { output } = await cruise(
  ["src"],
  { ...options, ruleSet: { forbidden }, validate: true },
  options.enhancedResolveOptions ?? {},
  { tsConfig: extractTSConfig("tsconfig.json") },
);
if (typeof output === "string") throw new Error("dependency-cruiser gave text instead of a result");

const problems = [...violations(output), ...unseenModules(output)];
for (const problem of problems) console.error(problem);
const count = `${output.modules.filter(({ source }) => isModule(source)).length} modules`;
if (problems.length > 0) {
  console.error(`ERROR: ${problems.length} problems with the boundaries between ${count}`);
  process.exitCode = 1;
} else {
  console.log(`Boundaries hold between ${count}`);
}

function violations({ summary }: ICruiseResult): string[] {
  const comments = new Map(forbidden.map(({ name, comment }) => [name, comment]));
  return summary.violations.map(({ from, to, rule, cycle }) => {
    const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(" -> ");
    return `${from} -> ${way}: ${comments.get(rule.name) ?? ""} (${rule.name})`;
  });
}

/** Files that the check has not seen, or in which it has not seen the imports that a look at the text shows. */
function unseenModules({ modules }: ICruiseResult): string[] {
  const seen = new Map(modules.map((module) => [module.source, module]));
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join("src", file))
    .filter(isModule)
    .sort();
  if (files.length === 0) return ["src: there are no modules to check"];
  return files.flatMap((file) => {
    const module = seen.get(file);
    if (module === undefined) return [`${file}: the check has not seen this module`];
    const imports = /^(import|export)\b[^;]*\bfrom\s+"/m.test(readFileSync(file, "utf8"));
    return imports && module.dependencies.length === 0 ? [`${file}: the check has not seen what it imports`] : [];
  });
}

function isModule(file: string): boolean {
  return file.startsWith("src/") && file.endsWith(".ts");
}
