import { writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { ConfigurationFile } from "../../src/config/settings/schema.ts";
import { ImageTemplate } from "../../src/config/template/schema/index.ts";
import { LockDocument } from "../../src/ospackage/lock/lock-schema.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const root = path.join(import.meta.dirname, "../..");

/** The published schemas by file name: exactly the text that `schema/` holds. */
export async function schemaTexts(): Promise<ReadonlyMap<string, string>> {
  const sources = {
    "os-image-template": ImageTemplate,
    "os-image-composer": ConfigurationFile,
    "os-image-lock": LockDocument,
  };
  const texts = new Map<string, string>();
  for (const [name, source] of Object.entries(sources)) {
    const file = `${name}.schema.json`;
    const text = JSON.stringify({ $schema: DIALECT, $id: file, ...source });
    texts.set(file, await format(text, { parser: "json", printWidth: 120 }));
  }
  return texts;
}

if (import.meta.main) {
  for (const [file, text] of await schemaTexts()) writeFileSync(path.join(root, "schema", file), text);
}
