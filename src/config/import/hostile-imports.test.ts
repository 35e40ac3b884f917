import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isComposerError } from "../../core/index.ts";
import { type HostFiles, nodeFiles, readEnvironment } from "../../host/index.ts";
import { hidePasswords } from "./hide-passwords.ts";
import { formatImportedTemplate } from "./format-imported-template.ts";
import { importTemplate } from "./import-template.ts";

const root = path.join(import.meta.dirname, "../../..");
const fixtures = path.join(root, "test/fixtures/import");

function hostWith(text: string) {
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream(file) {
      if (path.basename(file) === "hostile") yield Buffer.from(text);
      else yield* nodeFiles.readStream(file);
    },
  };
  return { files, environment: { ...readEnvironment(), workingDirectory: root, variables: {} } };
}

/** Anything but an expected failure is a crash. */
async function outcomeOf(text: string): Promise<"imported" | "refused"> {
  try {
    const { template, positions } = await importTemplate(hostWith(text), "test/fixtures/import/imageconfigs/hostile");
    formatImportedTemplate(hidePasswords(template).template, { head: [], schema: "x", positions });
    return "imported";
  } catch (error) {
    if (isComposerError(error, "TEMPLATE_INVALID", "TEMPLATE_SYNTAX")) return "refused";
    throw error;
  }
}

const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    -1,
    0,
    1e300,
    1.5,
    "",
    "\u0000",
    "${",
    "${A}",
    "`",
    "/",
    "..",
    "__proto__",
    "\ud800",
    "a\nb",
    [],
    {},
    [[]],
    [null],
  ),
);

/** Replaces the value at one place of a document; `turns` choose the way down. */
function mutate(value: unknown, turns: readonly number[], replacement: unknown): unknown {
  const [turn, ...rest] = turns;
  if (turn === undefined || typeof value !== "object" || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[turn % Math.max(1, keys.length)];
  if (key === undefined) return replacement;
  const entries = Object.entries(value).map(([name, entry]): [string, unknown] => [
    name,
    name === key ? mutate(entry, rest, replacement) : entry,
  ]);
  return Array.isArray(value) ? entries.map(([, entry]) => entry) : Object.fromEntries(entries);
}

describe("hostile imports", async () => {
  const names = await readdir(path.join(fixtures, "imageconfigs"));
  const configs = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(path.join(fixtures, "imageconfigs", name), "utf8")) as unknown),
  );
  const specifications = await Promise.all(
    (await readdir(path.join(fixtures, "build-specifications"))).map((name) =>
      readFile(path.join(fixtures, "build-specifications", name), "utf8"),
    ),
  );

  it("never crash: mutated imageconfigs", async () => {
    let imported = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...configs),
        fc.array(fc.nat(), { maxLength: 8 }),
        values,
        async (config, turns, value) => {
          if ((await outcomeOf(JSON.stringify(mutate(config, turns, value)))) === "imported") imported += 1;
        },
      ),
      { numRuns: 800 },
    );
    expect(imported).toBeGreaterThan(50);
  }, 60_000);

  it("never crash: any JSON in place of the parts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ SystemConfigs: values, Disks: values, disks: values }, { requiredKeys: ["SystemConfigs"] }),
        async (config) => {
          await outcomeOf(JSON.stringify(config));
        },
      ),
      { numRuns: 500 },
    );
  }, 60_000);

  it("never crash: any text, and build specifications with a piece changed", async () => {
    const mutated = fc
      .tuple(fc.constantFrom(...specifications), fc.nat(), fc.nat(20), fc.string({ maxLength: 10 }))
      .map(([text, at, length, more]) => {
        const index = at % (text.length + 1);
        return text.slice(0, index) + more + text.slice(index + length);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: mutated }, fc.string(), fc.json()), async (text) => {
        await outcomeOf(text);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});
