import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostileTemplates, reportCounts } from "../../test/fixtures/hostile-templates.ts";
import templateSchema from "../../schema/os-image-template.schema.json" with { type: "json" };
import {
  type Issue,
  IssuesError,
  type JsonSchema,
  Positions,
  type Settings,
  checkSchema,
  parseSource,
} from "../config/index.ts";
import { isComposerError } from "../core/index.ts";
import { type HostFiles, nodeFiles, readEnvironment } from "../host/index.ts";
import type { CliContext } from "./context.ts";
import { loadCheckedTemplate } from "./load-checked-template.ts";

const CHECKOUT = path.join(import.meta.dirname, "../..");
const IS_FULL = process.env["OIC_TEST_FULL"] !== undefined;
const RUNS = IS_FULL ? 50_000 : 1_000;
const MINUTE_MS = 60_000;
/** Processor time, which does not depend on what else the machine does. */
const MAX_CPU_MS = 1_000;

const SHIPPED = "image-templates";
const seeds = [
  "test/fixtures/templates/everything.yml",
  ...readdirSync(path.join(CHECKOUT, SHIPPED))
    .filter((name) => name.endsWith(".yml"))
    .map((name) => path.join(SHIPPED, name)),
].map((file) => readFileSync(path.join(CHECKOUT, file), "utf8"));

describe("any text for a template", () => {
  const remembered = new Map<string, Promise<Uint8Array>>();

  /** The real files, read once, and one template that has no file. */
  const contextWith = (text: string): CliContext => {
    const files: HostFiles = {
      ...nodeFiles,
      async *readStream(file) {
        if (path.basename(file) === "hostile.yml") yield Buffer.from(text);
        else {
          const bytes = remembered.get(file) ?? nodeFiles.readBytes(file);
          remembered.set(file, bytes);
          yield await bytes;
        }
      },
      // A template that extends itself under the name of the file that it does not have.
      exists: async (file) => path.basename(file) === "hostile.yml" || nodeFiles.exists(file),
    };
    const environment = { ...readEnvironment(), workingDirectory: CHECKOUT, variables: {} };
    const settings = { configDir: path.join(CHECKOUT, "config") } as Settings;
    return { host: { files, environment }, settings: () => Promise.resolve(settings) } as unknown as CliContext;
  };

  it(
    "is accepted or explained, never a crash and never a hang",
    async () => {
      const counts = { inputs: 0, mutated: 0, parsed: 0, "past the schema": 0, valid: 0, "with warnings": 0 };
      let slowest = { cpuMs: 0, text: "" };
      const judge = async (text: string): Promise<void> => {
        const positions = new Positions();
        const { value, issues, isReadable } = parseSource(text, "hostile.yml", "TEMPLATE_SYNTAX", positions);
        const isParsed = isReadable && issues.length === 0;
        const fits = isParsed && checkSchema(value, SCHEMA, "TEMPLATE_INVALID", positions).length === 0;
        counts.parsed += Number(isParsed);
        counts["past the schema"] += Number(fits);
        try {
          const merged = await loadCheckedTemplate(contextWith(text), "test/fixtures/templates/hostile.yml");
          // An item of a list that a variable empties is left out before the schema is asked.
          expect(fits || text.includes("${")).toBe(true);
          expect(merged.template.image.name).not.toBe("");
          merged.warnings.concat(merged.unsupported).forEach(checkIssue);
          counts.valid += 1;
          counts["with warnings"] += Number(merged.warnings.length > 0);
        } catch (error) {
          if (!isComposerError(error)) throw error;
          expect(error.message).not.toBe("");
          expect([error.message, ...error.details].join("")).not.toMatch(/[\u0000-\u0008\u000a-\u001f]/);
          if (error instanceof IssuesError) error.issues.concat(error.others).forEach(checkIssue);
        }
      };
      await fc.assert(
        fc.asyncProperty(hostileTemplates(seeds), async ({ text, isMutated }) => {
          counts.inputs += 1;
          counts.mutated += Number(isMutated);
          const before = process.cpuUsage();
          await judge(text);
          const { user, system } = process.cpuUsage(before);
          const cpuMs = (user + system) / 1000;
          if (cpuMs > slowest.cpuMs) slowest = { cpuMs, text };
        }),
        { numRuns: RUNS, seed: 20_260_101 },
      );
      reportCounts("hostile templates", { ...counts, "ms for the slowest": Math.round(slowest.cpuMs) });
      expect(slowest.cpuMs, slowest.text).toBeLessThan(MAX_CPU_MS);
      expect(counts.mutated).toBeGreaterThan(counts.inputs / 2);
      expect(counts.parsed).toBeGreaterThan(counts.inputs / 3);
      expect(counts["past the schema"]).toBeGreaterThan(counts.inputs / 20);
      expect(counts.valid).toBeGreaterThan(counts.inputs / 50);
    },
    IS_FULL ? 60 * MINUTE_MS : 2 * MINUTE_MS,
  );
});

const SCHEMA = templateSchema as JsonSchema;

/** It says something, in one line, about a place in a file. */
function checkIssue({ code, message, position }: Issue): void {
  expect(code).toMatch(/^(TEMPLATE|PROVIDER)_/);
  expect(message).toMatch(/^[^\n]+$/);
  if (position === undefined) throw new Error(`${message}: nobody knows where`);
  expect(Math.min(position.line, position.column, position.length)).toBeGreaterThan(0);
}
