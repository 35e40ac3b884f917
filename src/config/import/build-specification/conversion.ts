import type { Issue } from "../../document/index.ts";
import { type Composition, type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { ForeignSource } from "../import-source.ts";

/** What the conversion of each part of a build specification gets. */
export interface SpecificationConversion extends Pick<ForeignSource, "notes" | "options" | "localPath" | "file"> {
  readonly compose: Composition;
  readonly issues: Issue[];
}

/** A field that a template has, too. */
export function same<T>(field: Field<T> | undefined): Placed<T> | undefined {
  return field && placed(field.value, field.spot);
}
