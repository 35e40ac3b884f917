import { stringify } from "yaml";
import { type ImageTemplate, redactTemplate } from "../config/index.ts";

/** A template as YAML, without its secrets. */
export function formatTemplate(template: ImageTemplate): string {
  return stringify(redactTemplate(template), { lineWidth: 0, aliasDuplicateObjects: false });
}
