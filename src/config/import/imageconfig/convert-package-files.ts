import { type Placed, placed } from "../compose.ts";
import type { Conversion } from "./conversion.ts";
import type { SystemConfigModel } from "./model.ts";
import type { PackageFilesSection } from "./sections.ts";

const LOCALE = /^[a-z]{2,3}(_[A-Z]{2})?(@[a-z]+)?$/;
/** What configurations say to get no translations: no language has this name. */
const NO_LANGUAGE = "NONE";

/** Which files of packages are installed; languages have colons between. */
export function convertPackageFiles(
  { DisableRpmDocs, OverrideRpmLocales }: SystemConfigModel,
  conversion: Conversion,
): Placed<PackageFilesSection> | undefined {
  const field = DisableRpmDocs ?? OverrideRpmLocales;
  return (
    field &&
    conversion.compose.mappingOfAny(field.spot, {
      documentation: DisableRpmDocs?.value === true ? placed(false, DisableRpmDocs.spot) : undefined,
      locales: convertLocales(OverrideRpmLocales, conversion),
    })
  );
}

function convertLocales(
  field: SystemConfigModel["OverrideRpmLocales"],
  { compose, notes }: Conversion,
): Placed<string[]> | undefined {
  if (field === undefined || field.value === "") return undefined;
  const { spot, value } = field;
  const words = value.split(":").filter((word) => word !== "" && word !== NO_LANGUAGE);
  const locales = words.filter((word) => LOCALE.test(word));
  if (locales.length < words.length) notes.add("changed", spot, "names that are no languages are left out");
  return compose.list(
    spot,
    locales.map((locale) => placed(locale, spot)),
  );
}
