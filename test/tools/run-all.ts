/**
 * Runs everything that can fail, to the end, and adds it up.
 *
 * --quick runs only what needs neither network nor virtual machines; --full also runs the long tests; --only FILE runs one file of
 * test/e2e/.
 * The last line is `N passed, N failed, N skipped`; exit code 1 when anything failed. Each static check counts as one.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import type { TestSummary } from "./summary-reporter.ts";

const repository = path.resolve(import.meta.dirname, "../..");
process.chdir(repository);
const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

/** What the compiler learned is good for the next run. */
const BUILD_INFO = "node_modules/.cache/types.tsbuildinfo";
const STATIC_CHECKS: readonly (readonly [name: string, ...argv: string[]])[] = [
  ["format", "node_modules/prettier/bin/prettier.cjs", "--check", "--cache", "--log-level", "warn", "."],
  ["lint", "node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."],
  ["types", "node_modules/typescript/bin/tsc", "--noEmit", "--incremental", "--tsBuildInfoFile", BUILD_INFO],
  ["boundaries", "test/tools/check-boundaries.ts"],
];
/** After the unit tests, which run beside the static checks. */
const LONGER_PROJECTS = options.quick ? [] : ["oracle", "e2e"];

const started = performance.now();
const scratch = mkdtempSync(path.join(tmpdir(), "run-all-"));
const summaries: TestSummary[] = [];
try {
  if (options.only === undefined) await runEverything();
  else summaries.push(runProject("e2e", options.only));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
report(summaries);

async function runEverything(): Promise<void> {
  // Each uses one processor; what they say is shown in order.
  const checks = STATIC_CHECKS.map(([name, ...argv]) => ({ name, finished: startNode(argv) }));
  summaries.push(runProject("unit"));
  for (const { name, finished } of checks) summaries.push(judgeCheck(name, await finished));
  for (const project of LONGER_PROJECTS) summaries.push(runProject(project));
}

function judgeCheck(name: string, { exitCode, output }: { exitCode: number | null; output: string }): TestSummary {
  announce(name);
  process.stdout.write(output);
  const failed = exitCode === 0 ? [] : [{ name, message: `it ended with exit code ${exitCode}` }];
  return { passed: failed.length === 0 ? 1 : 0, failed, skipped: [] };
}

/** Starts a program of ours or of node_modules, and gives what it wrote when it has ended. */
async function startNode(argv: readonly string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exitCode, output };
}

function runProject(project: string, ...files: readonly string[]): TestSummary {
  announce(`${project} tests`);
  const summaryFile = path.join(scratch, `${project}.json`);
  const exitCode = runNode(
    [
      ...["node_modules/vitest/vitest.mjs", "run", "--project", project, "--passWithNoTests", "--allowOnly=false"],
      ...["--reporter=default", `--reporter=${path.join(import.meta.dirname, "summary-reporter.ts")}`],
      ...files,
    ],
    { OIC_TEST_SUMMARY: summaryFile, ...(options.full ? { OIC_TEST_FULL: "1" } : {}) },
  );
  const name = `${project} tests`;
  if (!existsSync(summaryFile)) {
    const message = `they ended with exit code ${exitCode} and without a result`;
    return { passed: 0, failed: [{ name, message }], skipped: [] };
  }
  const summary = JSON.parse(readFileSync(summaryFile, "utf8")) as TestSummary;
  if (exitCode === 0 || summary.failed.length > 0) return summary;
  // Whatever vitest holds to be a failure is one, also when no test is to blame.
  return { ...summary, failed: [{ name, message: `they ended with exit code ${exitCode}` }] };
}

/** Exit code of a program for the Node.js that runs this one; its output is ours. */
function runNode(argv: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const result = spawnSync(process.execPath, argv, { stdio: "inherit", env: { ...process.env, ...env } });
  return result.status ?? 128;
}

function announce(what: string): void {
  console.log(`\n== ${what}`);
}

function report(all: readonly TestSummary[]): void {
  const passed = all.reduce((sum, summary) => sum + summary.passed, 0);
  const failed = all.flatMap((summary) => summary.failed);
  const skipped = all.flatMap((summary) => summary.skipped);
  console.log(`\n== result after ${Math.round((performance.now() - started) / 1000)} s`);
  for (const { name, reason } of skipped) console.log(`skipped: ${name} (${reason})`);
  for (const { name, message } of failed) console.log(`failed: ${name}: ${message.split("\n")[0]}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
}
