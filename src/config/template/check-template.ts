import { parseSize } from "../../core/index.ts";
import type { Finding } from "../document/index.ts";
import { checkNetwork } from "./check-network.ts";
import { isCleanPath } from "./check-paths.ts";
import { checkRepositories } from "./check-repositories.ts";
import { checkUsers } from "./check-users.ts";
import type { AdditionalFileSection, ImageTemplate, KernelSection, ServicesSection } from "./schema/index.ts";

/** What the merged template must mean, beyond its schema; needs no file, no network and no other part of the program. */
export function checkTemplate(template: ImageTemplate): Finding[] {
  const { disk, systemConfig = {}, packageRepositories = [] } = template;
  return [
    ...checkSizes(disk),
    ...checkHostName(systemConfig.hostname),
    ...checkUsers(systemConfig.users ?? []),
    ...checkNetwork(systemConfig.network),
    ...checkServices(systemConfig.services ?? {}),
    ...checkAdditionalFiles(systemConfig.additionalFiles ?? []),
    ...checkKernel(systemConfig.kernel ?? {}),
    ...checkRepositories(packageRepositories),
  ];
}

/** What a single file must not say twice; in the merged document the later entry has already won. */
export function checkLayer(template: ImageTemplate): Finding[] {
  const { users = [], additionalFiles = [] } = template.systemConfig ?? {};
  return [
    ...repeated(users.map(({ name }) => name)).map((index) => ({
      path: ["systemConfig", "users", index, "name"],
      message: `user "${users[index]?.name}" is already described above`,
    })),
    ...repeated(additionalFiles.map(({ final }) => final)).map((index) => ({
      path: ["systemConfig", "additionalFiles", index, "final"],
      message: `"${additionalFiles[index]?.final}" already comes from a file above`,
    })),
  ];
}

function repeated(names: readonly string[]): number[] {
  return [...names.keys()].filter((index) => names.indexOf(names[index] ?? "") < index);
}

function checkSizes(disk: ImageTemplate["disk"]): Finding[] {
  const size = disk?.size;
  if (size === undefined) return [];
  const sizeBytes = parseSize(size);
  if (sizeBytes === undefined) return [{ path: "disk.size", message: `"${size}" is larger than any disk` }];
  return sizeBytes === 0 ? [{ path: "disk.size", message: "must not be 0" }] : [];
}

/** @see RFC 1123, section 2.1 */
function checkHostName(hostname: string | undefined): Finding[] {
  if (hostname === undefined) return [];
  const isValid = hostname.split(".").every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label));
  if (isValid) return [];
  const hint = "Use up to 63 letters, digits and - between the dots, - neither first nor last";
  return [{ path: "systemConfig.hostname", message: `"${hostname}" is no valid host name`, hint }];
}

const UNIT_NAME = /^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*$/;
const UNIT_SUFFIX = /\.(service|socket|timer|target|mount|automount|path|swap|slice|device|scope)$/;

function checkServices(services: ServicesSection): Finding[] {
  const findings: Finding[] = [];
  const mentioned = new Map<string, string>();
  for (const key of ["enable", "disable", "mask"] as const) {
    for (const [index, unit] of (services[key] ?? []).entries()) {
      const path = ["systemConfig", "services", key, index];
      if (!UNIT_NAME.test(unit) || unit.length > 255) {
        findings.push({ path, message: `${JSON.stringify(unit)} can be no name of a systemd unit` });
        continue;
      }
      const name = UNIT_SUFFIX.test(unit) ? unit : `${unit}.service`;
      const earlier = mentioned.get(name);
      if (earlier !== undefined && earlier !== key) {
        findings.push({ path, message: `unit "${unit}" is also listed under "${earlier}"` });
      }
      mentioned.set(name, key);
    }
  }
  return findings;
}

function checkAdditionalFiles(files: readonly AdditionalFileSection[]): Finding[] {
  return files.flatMap(({ final, local }, index): Finding[] => {
    const path = ["systemConfig", "additionalFiles", index];
    return [
      ...(final !== "/" && isCleanPath(final)
        ? []
        : [{ path: [...path, "final"], message: `${JSON.stringify(final)} is no absolute path of a file` }]),
      ...(local === "" ? [{ path: [...path, "local"], message: "must not be empty" }] : []),
    ];
  });
}

function checkKernel({ cmdline = "", enableExtraModules = "", packages = [] }: KernelSection): Finding[] {
  const path = ["systemConfig", "kernel"];
  return [
    ...(/[\r\n\t]/.test(cmdline)
      ? [{ path: [...path, "cmdline"], message: "has a line break or a tab", hint: "Separate the options by spaces" }]
      : []),
    ...((cmdline.match(/"/g) ?? []).length % 2 === 1
      ? [{ path: [...path, "cmdline"], message: 'has a " without its pair' }]
      : []),
    ...enableExtraModules
      .split(" ")
      .filter((name) => name !== "" && !/^[A-Za-z0-9_-]+$/.test(name))
      .map((name) => ({
        path: [...path, "enableExtraModules"],
        message: `${JSON.stringify(name)} can be no name of a kernel module`,
        hint: "Separate the names by spaces",
      })),
    ...packages.flatMap((name, index) =>
      /^[A-Za-z0-9][A-Za-z0-9+_.:~*?[\]<>=-]*$/.test(name)
        ? []
        : [{ path: [...path, "packages", index], message: `${JSON.stringify(name)} can be no name of a package` }],
    ),
  ];
}
