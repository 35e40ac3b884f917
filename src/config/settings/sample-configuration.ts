import { stringify } from "yaml";
import configurationSchema from "../../../schema/os-image-composer.schema.json" with { type: "json" };
import { OLDER_NAMES } from "./read-configuration.ts";

/** What we use of a schema that describes a setting. */
interface SettingSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

const HEAD = `# Configuration of OS Image Composer.
#
# Settings stand behind a # with their built-in values, or with an example where nothing is built in.
# To change one, remove the # before it and before the keys that it is below. Paths are relative to this file; built-in
# ones to the directory that the program is started in.
`;

/** The text of a configuration file that says nothing yet and explains everything. */
export function sampleConfiguration(): string {
  return `${HEAD}${linesOf(configurationSchema, "", "").join("\n")}\n`;
}

function linesOf({ properties = {} }: SettingSchema, path: string, indent: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${path}${name}`;
    if (Object.hasOwn(OLDER_NAMES, key)) return [];
    const words =
      indent === "" ? ["", `# ${schema.description ?? name}`] : [`#${indent}# ${schema.description ?? name}`];
    if (schema.properties !== undefined) {
      return [...words, `#${indent}${name}:`, ...linesOf(schema, `${key}.`, `${indent}  `)];
    }
    const value = schema.default ?? schema.examples?.[0];
    const lines = stringify({ [name]: value })
      .trimEnd()
      .split("\n");
    return [...words, ...lines.map((line) => `#${indent}${line}`)];
  });
}
