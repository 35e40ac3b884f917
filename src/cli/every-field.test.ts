import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { diagnosticsOf } from "../../test/fixtures/template-diagnostics.ts";
import templateSchema from "../../schema/os-image-template.schema.json" with { type: "json" };
import type { JsonSchema } from "../config/index.ts";

const FILE = "test/fixtures/templates/everything.yml";
/** What does not fit the other fields: templates that are laid over others, and images that are changed. */
const LEFT_OUT = /^(extends|baseline|overlayPolicy)/;

describe("the template with every field", () => {
  it("has every field of the schema", () => {
    const template: unknown = parse(readFileSync(path.join(import.meta.dirname, "../..", FILE), "utf8"));
    const present = new Set(fieldsOf(template));
    const missing = fieldsOfSchema(templateSchema as JsonSchema).filter((field) => !present.has(field));
    expect(missing.filter((field) => !LEFT_OUT.test(field))).toEqual([]);
  });

  it("is valid, and without a warning", async () => {
    const lines = await diagnosticsOf(FILE);
    expect(lines.filter((line) => !line.startsWith("unsupported: "))).toEqual([]);
  });
});

/** Paths without indexes: `systemConfig.users.name`. */
function fieldsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item: unknown) => fieldsOf(item, path))];
  if (typeof value !== "object" || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, item]) => fieldsOf(item, path === "" ? key : `${path}.${key}`)),
  ];
}

function fieldsOfSchema(schema: JsonSchema, path = ""): string[] {
  if (schema.items !== undefined) return fieldsOfSchema(schema.items, path);
  const children = Object.entries(schema.properties ?? {});
  return [path, ...children.flatMap(([key, child]) => fieldsOfSchema(child, path === "" ? key : `${path}.${key}`))];
}
