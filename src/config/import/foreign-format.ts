import { isMapping } from "../document/index.ts";

/** A kind of document that is no template but describes an image. */
export type ForeignFormat = "imageconfig" | "build-specification";

export const FORMAT_WORDS: Readonly<Record<ForeignFormat, string>> = {
  imageconfig: "Azure Linux imageconfig",
  "build-specification": "build specification",
};

/** The kind of a parsed document by its keys; undefined for a template, and for anything else. */
export function foreignFormatOf(value: unknown): ForeignFormat | undefined {
  if (!isMapping(value)) return undefined;
  const keys = Object.keys(value);
  if (["target", "systemConfig", "extends"].some((key) => keys.includes(key))) return undefined;
  const lowerKeys = keys.map((key) => key.toLowerCase());
  if (lowerKeys.includes("systemconfigs") || (lowerKeys.includes("disks") && !keys.includes("image")))
    return "imageconfig";
  const { image } = value;
  const hasBase = isMapping(image) && Object.hasOwn(image, "base");
  return hasBase || keys.includes("customizations") ? "build-specification" : undefined;
}
