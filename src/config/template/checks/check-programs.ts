import type { DocumentPath, Finding } from "../../document/index.ts";
import { packageNameOf } from "../exclude-packages.ts";
import type { ImageTemplate, SystemConfigSection } from "../schema/index.ts";

/** A field that the build can only carry out with what a package brings. */
interface Need {
  readonly path: DocumentPath;
  readonly what: string;
  readonly packages: RegExp;
  /** The package to propose. */
  readonly example: string;
}

/**
 * What fields need is among the packages; only for documents that hold the target's defaults.
 *
 * Warnings: packages bring others that no template names.
 */
export function checkPrograms({ systemConfig = {} }: ImageTemplate): Finding[] {
  const names = (systemConfig.packages ?? []).map(packageNameOf);
  return needsOf(systemConfig).flatMap(({ path, what, packages, example }): Finding[] => {
    // A glob may stand for anything.
    if (names.some((name) => packages.test(name) || /^[*?[]/.test(name))) return [];
    const hint = `Add ${example} to systemConfig.packages, unless another package brings it`;
    return [{ path, message: `needs ${what}, which the template does not name`, hint, severity: "warning" }];
  });
}

function needsOf({ users = [], network, timezone, locale }: SystemConfigSection): Need[] {
  const administrator = users.findIndex(({ sudo, name }) => sudo === true && name !== "root");
  const isUtc = timezone === undefined || timezone === "UTC" || timezone === "Etc/UTC";
  const isBuiltIn = locale === undefined || /^(C|POSIX)(\.|$)/.test(locale);
  return [
    ...(administrator < 0
      ? []
      : [{ path: ["systemConfig", "users", administrator, "sudo"], what: "sudo", packages: /^sudo/, example: "sudo" }]),
    ...(network?.backend === "netplan"
      ? [{ path: ["systemConfig", "network", "backend"], what: "netplan", packages: /^netplan/, example: "netplan.io" }]
      : []),
    ...(isUtc
      ? []
      : [{ path: ["systemConfig", "timezone"], what: "time zone data", packages: /^tzdata/, example: "tzdata" }]),
    ...(isBuiltIn
      ? []
      : [
          {
            path: ["systemConfig", "locale"],
            what: "locale data",
            packages: /^(locales|glibc-(all-langpacks|langpack|locale|i18n))/,
            example: "locales",
          },
        ]),
  ];
}
