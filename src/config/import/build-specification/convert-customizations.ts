import type { AdditionalFileSection, SystemConfigSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import { type Field, reportIssue } from "../decode.ts";
import type { CustomizationsModel } from "./model.ts";
import { type SpecificationConversion, same } from "./conversion.ts";

/** What is installed and configured beyond the base. */
export function convertCustomizations(
  { value, spot }: Field<CustomizationsModel>,
  conversion: SpecificationConversion,
): Placed<SystemConfigSection> | undefined {
  const { compose } = conversion;
  const { packages, services, hostname, timezone, locale } = value;
  const texts = (list: Field<Field<string>[]> | undefined): Placed<string[]> | undefined =>
    compose.listOfAny(
      list?.spot,
      (list?.value ?? []).map((item) => placed(item.value, item.spot)),
    );
  return compose.mappingOfAny(spot, {
    hostname: same(hostname),
    timezone: same(timezone),
    locale: same(locale),
    services:
      services &&
      compose.mappingOfAny(services.spot, {
        enable: texts(services.value.enabled),
        disable: texts(services.value.disabled),
        mask: texts(services.value.masked),
      }),
    packages: texts(packages?.value.install),
    excludePackages: texts(packages?.value.remove),
    additionalFiles: filesOf(value, conversion),
  });
}

function filesOf(
  { files }: CustomizationsModel,
  { compose, issues, localPath }: SpecificationConversion,
): Placed<AdditionalFileSection[]> | undefined {
  const items = (files?.value ?? []).flatMap(({ value: file, spot }): Placed<AdditionalFileSection>[] => {
    const { source, destination } = file;
    for (const key of ["source", "destination"] as const) {
      if (file[key] === undefined) reportIssue(issues, { ...spot, path: [...spot.path, key] }, `missing key "${key}"`);
    }
    if (source === undefined || destination === undefined) return [];
    return [
      compose.mapping(spot, {
        local: placed(localPath(source.value, source.spot), source.spot),
        final: placed(destination.value, destination.spot),
        mode: same(file.mode ?? file.permissions),
        owner: same(file.owner),
      }),
    ];
  });
  return compose.listOfAny(files?.spot, items);
}
