import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isComposerError } from "../../core/index.ts";
import { type HostFiles, nodeFiles, readEnvironment } from "../../host/index.ts";
import { loadTemplate } from "./load-template.ts";

const root = path.join(import.meta.dirname, "../../..");

/** The real files, and one template that has no file. */
function hostWith(text: string) {
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream(file) {
      if (path.basename(file) === "hostile.yml") yield Buffer.from(text);
      else yield* nodeFiles.readStream(file);
    },
  };
  return { files, environment: { ...readEnvironment(), workingDirectory: root, variables: {} } };
}

const HOSTILE_WORDS = [
  "",
  "~",
  "null",
  "true",
  "1e999",
  "-0",
  "0x1F",
  "[]",
  "{}",
  "[[",
  "}",
  "&a",
  "*a",
  "!!binary",
  "<<",
  "__proto__",
  "${A}",
  "${",
  "\u0000",
  "\u001b[2J",
  "\ud800",
  "- -",
  ": ",
  "? ",
  "|",
  ">-",
  "%YAML 1.1\n---",
  "---",
  "...",
  "\t",
  "'",
  '"',
  "#",
  "99999999999999999999",
  "../../x",
  "x".repeat(5000),
  "\n",
  "\u2028",
  "constructor",
  "imageType",
  "users",
  "- name: a",
] as const;

describe("loadTemplate() of mutated templates", async () => {
  const seed = await readFile(path.join(root, "image-templates/debian13-x86_64-minimal-raw.yml"), "utf8");
  const defaults = await readFile(
    path.join(root, "config/osv/debian/debian13/imageconfigs/defaultconfigs/default-raw-x86_64.yml"),
    "utf8",
  );

  const mutation = fc.record({
    line: fc.nat(),
    kind: fc.constantFrom("drop", "repeat", "value", "insert", "indent", "swap"),
    word: fc.oneof(fc.constantFrom(...HOSTILE_WORDS), fc.string()),
  });
  const mutated = fc
    .tuple(fc.constantFrom(seed, defaults), fc.array(mutation, { minLength: 1, maxLength: 4 }))
    .map(([text, mutations]) => {
      const lines = text.split("\n");
      for (const { line, kind, word } of mutations) {
        const at = line % lines.length;
        const old = lines[at] ?? "";
        if (kind === "drop") lines.splice(at, 1);
        else if (kind === "repeat") lines.splice(at, 0, old);
        else if (kind === "insert") lines.splice(at, 0, word);
        else if (kind === "indent") lines[at] = `  ${old}`;
        else if (kind === "value") lines[at] = old.replace(/[^\s:-][^:]*$/, () => word);
        else lines[at] = lines[(at * 7) % lines.length] ?? "";
      }
      return lines.join("\n");
    });

  it("accepts or explains every one, and never crashes", async () => {
    const outcomes = { accepted: 0, TEMPLATE_SYNTAX: 0, other: 0 };
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: mutated }, fc.string({ unit: "binary" })), async (text) => {
        try {
          const merged = await loadTemplate(hostWith(text), "hostile.yml", { configDir: path.join(root, "config") });
          outcomes.accepted += 1;
          expect(merged.template.image.name).not.toBe("");
        } catch (error) {
          if (!isComposerError(error)) throw error;
          expect(error.message).not.toBe("");

          expect([error.message, ...error.details].join("")).not.toMatch(/[\u0000-\u0008\u000a-\u001f]/);
          outcomes[error.code === "TEMPLATE_SYNTAX" ? "TEMPLATE_SYNTAX" : "other"] += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(outcomes.accepted, JSON.stringify(outcomes)).toBeGreaterThan(25);
    expect(outcomes.other, JSON.stringify(outcomes)).toBeGreaterThan(50);
  });
});
