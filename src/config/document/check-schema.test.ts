import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import templateSchema from "../../../schema/os-image-template.schema.json" with { type: "json" };
import { checkSchema } from "./check-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { parseSource } from "./parse-document.ts";
import { Positions } from "./positions.ts";

const VALID = {
  variables: { NAME: "x" },
  image: { name: "edge", version: "1.0.0" },
  target: { os: "debian", dist: "debian13", arch: "x86_64", imageType: "raw" },
  disk: { size: "4GiB", partitions: [{ id: "a", index: 1, start: "1MiB", end: "0", flags: ["esp"] }] },
  systemConfig: {
    hostname: "edge",
    users: [{ name: "a", uid: 1000, sudo: true, groups: ["g"] }],
    network: { interfaces: [{ name: "e", dhcp4: true, routes: [{ to: "default", via: "::1" }] }] },
    packages: ["a", "b"],
  },
};

const leaf = fc.constantFrom<unknown>("", "4GiB", "x y", "raw", "0644", 0, -1, 1.5, 1e6, true, null, [], {}, ["a"], {
  a: 1,
});

/** A valid template in which some values are replaced, removed or added. */
const mutated = fc
  .array(fc.tuple(fc.nat(), fc.constantFrom("replace", "remove", "add"), leaf), { maxLength: 4 })
  .map((mutations) => {
    const copy = structuredClone(VALID) as Record<string, unknown>;
    for (const [choice, kind, value] of mutations) {
      const spots = spotsOf(copy);
      const spot = spots[choice % Math.max(1, spots.length)];
      if (spot === undefined) continue;
      const [container, key] = spot;
      if (kind === "replace") container[key] = structuredClone(value);
      else if (kind === "add") container[`${key}x`] = structuredClone(value);
      else if (Array.isArray(container)) container.splice(Number(key), 1);
      else Reflect.deleteProperty(container, key);
    }
    return copy;
  });

function spotsOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const container = value as Record<string, unknown>;
  return Object.keys(container).flatMap((key) => [[container, key], ...spotsOf(container[key])]);
}

describe("checkSchema()", () => {
  const schema = templateSchema as JsonSchema;

  it("agrees with ajv about what is valid", () => {
    const validate = new Ajv2020({ strict: false }).compile(templateSchema);
    const verdicts = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(mutated, (template) => {
        const plain: unknown = JSON.parse(JSON.stringify(template));
        const isValid = checkSchema(plain, schema, "TEMPLATE_INVALID", new Positions()).length === 0;
        verdicts[isValid ? "valid" : "invalid"] += 1;
        expect(isValid).toBe(validate(plain));
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(verdicts.valid, verdicts.invalid)).toBeGreaterThan(50);
  });

  it("uses no keyword that it does not check", () => {
    const known =
      /^(\$schema|\$id|title|description|examples|default|type|properties|required|additionalProperties|patternProperties|items|enum|pattern|patternErrorMessage|minimum|maximum|minLength|maxLength|minItems|maxItems)$/;
    const visit = (node: JsonSchema): void => {
      expect(Object.keys(node).filter((keyword) => !known.test(keyword))).toEqual([]);
      for (const child of [...Object.values(node.properties ?? {}), ...Object.values(node.patternProperties ?? {})])
        visit(child);
      if (node.items !== undefined) visit(node.items);
    };
    visit(schema);
  });

  it("finds one mistake in a misspelt required key", () => {
    const template = { ...VALID, image: { nmae: "a", version: "1" } };
    const issues = checkSchema(template, schema, "TEMPLATE_INVALID", new Positions());
    expect(issues).toMatchObject([{ path: "image.nmae", didYouMean: "name" }]);
  });

  it.each<[string, JsonSchema, string, string | undefined]>([
    ["1.0", { type: "string" }, "found the number 1.0", 'YAML reads 1.0 as the number 1; quote it: "1.0"'],
    ["12", { type: "string" }, "found the number 12", 'YAML reads 12 as a number; quote it: "12"'],
    ["0644", { type: "string" }, "found the number 0644", 'YAML reads 0644 as the number 644; quote it: "0644"'],
    ["0o644", { type: "string" }, "found the number 0o644", 'YAML reads 0o644 as the number 420; quote it: "0644"'],
    ["1e3", { type: "string" }, "found the number 1e3", 'YAML reads 1e3 as the number 1000; quote it: "1e3"'],
    ["yes", { type: "boolean" }, 'found the text "yes"', "YAML 1.2 reads yes as a text; write true"],
    ["Off", { type: "boolean" }, 'found the text "Off"', "YAML 1.2 reads Off as a text; write false"],
    ["true", { type: "string" }, "found the truth value true", 'YAML reads true as a truth value; quote it: "true"'],
    ["~", { type: "string" }, "has no value", 'YAML reads ~ as no value; quote a text: "~"'],
    ["#fff", { type: "string" }, "has no value", "A # after a space begins a comment; quote a text that begins with #"],
    ["[trusted=yes]", { type: "string" }, "found a list", "Quote a text that begins with ["],
    ["{ a: b }", { type: "string" }, "found a mapping", 'Quote a text that has ": " in it or begins with {'],
    ["b:c", { type: "object" }, 'found the text "b:c"', "Put a space after the colon"],
    ["'a\u200bb'", { type: "string", pattern: "^[a-z]+$" }, 'invalid value "a\\u200bb"', undefined],
  ])("has words for %s", (written, property, message, hint) => {
    const positions = new Positions();
    const { value } = parseSource(`key: ${written}`, "t.yml", "TEMPLATE_SYNTAX", positions);
    const [issue] = checkSchema(
      value,
      { type: "object", properties: { key: property } },
      "TEMPLATE_INVALID",
      positions,
    );
    expect([issue?.message, issue?.hint]).toEqual([message, hint]);
  });

  it("never shows a secret", () => {
    const positions = new Positions();
    const schema: JsonSchema = { type: "object", properties: { password: { type: "string", pattern: "^a" } } };
    for (const written of ["geheim", "4711", "[4711, geheim]"]) {
      const { value } = parseSource(`password: ${written}`, "t.yml", "TEMPLATE_SYNTAX", positions);
      const issues = checkSchema(value, schema, "TEMPLATE_INVALID", positions);
      expect(issues).toHaveLength(1);
      expect(JSON.stringify(issues)).not.toMatch(/geheim|4711/);
    }
  });
});
