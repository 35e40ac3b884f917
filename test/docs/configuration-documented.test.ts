import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import configurationSchema from "../../schema/os-image-composer.schema.json" with { type: "json" };

const page = readFileSync(path.resolve(import.meta.dirname, "../../docs/configuration.md"), "utf8");

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** A row for every setting, as the page must have it; older names are explained below the table. */
function rowsOf({ properties = {} }: Schema, prefix = ""): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    if (schema.properties !== undefined) return rowsOf(schema, `${key}.`);
    if (key === "core.cache_dir" || key === "core.work_dir") return [];
    const builtIn = schema.default === undefined ? "" : `\`${schema.default}\``;
    return [`| \`${key}\` | ${kindOf(schema)} | ${builtIn} | ${wordsOf(schema)} |`];
  });
}

function kindOf({ type, enum: choices, minimum, maximum }: Schema): string {
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(", ");
  if (type === "string") return "path";
  if (type === "boolean") return "`true`, `false`";
  if (minimum === undefined || maximum === undefined) return "mapping";
  return `${type === "integer" ? "whole number" : "number"} from ${minimum} to ${maximum}`;
}

function wordsOf({ description = "" }: Schema): string {
  return description.replace("; relative to this file", "");
}

describe("docs/configuration.md", () => {
  const rows = rowsOf(configurationSchema);

  it("has exactly the settings of the schema, with their built-in values", () => {
    const head = ["| setting | value | built-in | what it says |", "| --- | --- | --- | --- |"];
    const documented = page
      .split("## Settings")[1]
      ?.split("\n## ")[0]
      ?.match(/^\|.*$/gm);
    expect(documented).toEqual([...head, ...rows]);
  });

  it("names the flags that the command has", () => {
    const source = readFileSync(path.resolve(import.meta.dirname, "../../src/cli/commands/build.ts"), "utf8");
    for (const flag of ["--stage", "--skip-stage", "--timeout", "--keep-temp", "--no-cache", "--no-package-cache"]) {
      expect(source).toContain(`"${flag}`);
      expect(page).toContain(`| \`${flag}`);
    }
  });
});
