import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { schemaTexts } from "../../../../test/tools/generate-schema.ts";

describe("published schemas", async () => {
  const texts = await schemaTexts();

  it.each([...texts])("schema/%s is generated from its source", async (file, text) => {
    const published = await readFile(path.join(import.meta.dirname, "../../../../schema", file), "utf8");
    expect(published, "run: node test/tools/generate-schema.ts").toBe(text);
  });
});
