import type { ImportedTemplate, importTemplate as importNow } from "./import-template.ts";

/** Imports a file as a template. The importers are loaded when this is called: most runs of the program never do. */
export async function importTemplate(...parameters: Parameters<typeof importNow>): Promise<ImportedTemplate> {
  const importers = await import("./import-template.ts");
  return importers.importTemplate(...parameters);
}
