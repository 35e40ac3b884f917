import { execFileSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const MUTATE = path.resolve(import.meta.dirname, "../tools/mutate-resolver.ts");

it("the resolver's unit tests notice when any one relation is ignored", ({ skip }) => {
  if (process.env["OIC_TEST_FULL"] === undefined) skip("it is one of the long tests (npm run test:full)");
  const output = execFileSync(process.execPath, [MUTATE], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  expect(output).toMatch(/ 0 unnoticed$/m);
});
