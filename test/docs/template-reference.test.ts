import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Positions, checkSchema } from "../../src/config/index.ts";
import {
  REFERENCE_FILE,
  exampleOf,
  fieldsOf,
  readTemplateSchema,
  templateReference,
} from "../tools/generate-template-reference.ts";

const schema = readTemplateSchema();
const reference = await readFile(path.join(import.meta.dirname, "../..", REFERENCE_FILE), "utf8");

describe("the template reference", () => {
  it("is made from the schema as it is", () => {
    expect(reference, "run: node test/tools/generate-template-reference.ts").toBe(templateReference(schema));
  });

  it.each(fieldsOf(schema))("describes $address and shows a valid example", ({ address, schema: field }) => {
    expect(field.description, "description").toMatch(/\S/);
    expect(reference).toContain(`\`${address}\``);
    for (const example of field.examples ?? [exampleOf(field)]) {
      expect(example, "example").toBeDefined();
      expect(checkSchema(example, field, "TEMPLATE_INVALID", new Positions())).toEqual([]);
    }
  });

  it("refuses what no field would hold", () => {
    const name = fieldsOf(schema).find(({ address }) => address === "image.name");
    const check = (value: string) => checkSchema(value, name?.schema ?? {}, "TEMPLATE_INVALID", new Positions());
    expect(check("a b")).toHaveLength(1);
    expect(check("ab")).toEqual([]);
  });

  it("shows snippets that fit the schema, apart from what they leave out", () => {
    const snippets = [...reference.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
    expect(snippets.length).toBeGreaterThan(20);
    for (const snippet of snippets) {
      const issues = checkSchema(parse(snippet), schema, "TEMPLATE_INVALID", new Positions());
      expect(
        issues.filter(({ message }) => !message.startsWith("missing key")),
        snippet,
      ).toEqual([]);
    }
  });

  it("links only to headings that it has", () => {
    const anchors = [...reference.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    expect(new Set(anchors).size).toBe(anchors.length);
    for (const [, anchor] of reference.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor);
  });
});
