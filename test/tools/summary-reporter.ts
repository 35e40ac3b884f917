import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** What a run of tests came to; vitest's own JSON does not say why a test was skipped. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Writes a {@link TestSummary} to the file that the variable OIC_TEST_SUMMARY names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const file = process.env["OIC_TEST_SUMMARY"];
    if (file === undefined) throw new Error("OIC_TEST_SUMMARY does not name a file");
    writeFileSync(file, JSON.stringify(summaryOf(testModules, unhandledErrors)));
  }
}

function summaryOf(testModules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): TestSummary {
  let passed = 0;
  const failed: { name: string; message: string }[] = [];
  const skipped: { name: string; reason: string }[] = [];
  for (const testModule of testModules) {
    const file = path.relative(process.cwd(), testModule.moduleId);
    for (const error of testModule.errors()) failed.push({ name: file, message: error.message });
    for (const suite of testModule.children.allSuites()) {
      for (const error of suite.errors()) failed.push({ name: `${file}: ${suite.fullName}`, message: error.message });
    }
    for (const test of testModule.children.allTests()) {
      const name = `${file}: ${test.fullName}`;
      const result = test.result();
      if (result.state === "passed") passed += 1;
      else if (result.state === "failed") failed.push({ name, message: result.errors[0]?.message ?? "" });
      else if (result.state === "skipped") skipped.push({ name, reason: result.note ?? "no reason is given" });
      // A test that was never finished, for example because its worker died.
      else failed.push({ name, message: "it did not finish" });
    }
  }
  for (const error of unhandledErrors) failed.push({ name: "outside of any test", message: error.message });
  return { passed, failed, skipped };
}
