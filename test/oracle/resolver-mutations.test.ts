import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const MUTATE = path.resolve(import.meta.dirname, "../tools/mutate-resolver.ts");

/** Of each family the relations that are the easiest to lose; the long tests take all. */
const SOME = [
  "Breaks",
  "Provides with a version",
  "priority of repositories",
  "rpm: Obsoletes",
  "rpm: unless",
  "rpm: files",
];
const ARGUMENTS = process.env["OIC_TEST_FULL"] === undefined ? SOME.flatMap((name) => ["--only", name]) : [];

it("the resolver's unit tests notice when any one relation is ignored", () => {
  const argv = [MUTATE, ...ARGUMENTS];
  const output = execFileSync(process.execPath, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  expect(output).toMatch(/ 0 unnoticed$/m);
});
