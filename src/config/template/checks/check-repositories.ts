import { isMirrorList, mirrorListUrl } from "../../../core/index.ts";
import type { DocumentPath, Finding } from "../../document/index.ts";
import { packageFamilyOf } from "../package-family.ts";
import type { ImageTemplate, PackageRepositorySection } from "../schema/index.ts";

/** The value that other tools' templates have in place of an address, to be filled in. */
export const ADDRESS_PLACEHOLDER = "<URL>";
/** The value of `pkey` that switches the signature check of one repository off. */
export const TRUSTED = "[trusted=yes]";

/** Packages come from somewhere; each repository has one source of them, and whoever signs it is named. */
export function checkRepositories(template: ImageTemplate): Finding[] {
  const { target, useDefaultRepositories, packageRepositories = [] } = template;
  const family = packageFamilyOf(target);
  return [
    ...(useDefaultRepositories === false && packageRepositories.length === 0
      ? [{ path: "useDefaultRepositories", message: "no repository is left", hint: "Add one to packageRepositories" }]
      : []),
    ...packageRepositories.flatMap((repository, index) =>
      checkRepository(repository, ["packageRepositories", index], family),
    ),
  ];
}

function checkRepository(repository: PackageRepositorySection, path: DocumentPath, family: "deb" | "rpm"): Finding[] {
  const sources = (["url", "path", "packages"] as const).filter((key) => repository[key] !== undefined);
  if (sources.length !== 1) {
    const message = sources.length === 0 ? "has no packages" : `has ${sources.join(" and ")}`;
    return [{ path, message, hint: "Give exactly one of url, path and packages" }];
  }
  const { allowPackages } = repository;
  return [
    ...checkSuite(repository, path, family),
    ...checkUrl(repository, path, family),
    ...checkKeys(repository, path),
    ...checkFiles(repository, path, family),
    ...checkComponents(repository, path, family),
    ...(allowPackages?.length === 0
      ? [{ path: [...path, "allowPackages"], message: "allows no package at all", hint: "Leave it out to allow all" }]
      : []),
    ...(allowPackages ?? []).flatMap((glob, index): Finding[] =>
      /^[A-Za-z0-9*?[][A-Za-z0-9+_.:~^*?[\]!-]*$/.test(glob)
        ? []
        : [{ path: [...path, "allowPackages", index], message: `${JSON.stringify(glob)} matches no package name` }],
    ),
  ];
}

/** Of the other repositories it is only what people call them. */
function checkSuite({ codename, url }: PackageRepositorySection, path: DocumentPath, family: "deb" | "rpm"): Finding[] {
  if (url === undefined || family === "rpm") return [];
  if (/^[\x21-\x7e]+$/.test(codename) && !codename.split("/").includes("..")) return [];
  return [{ path: [...path, "codename"], message: `${JSON.stringify(codename)} is no name of a suite` }];
}

function checkComponents(
  { component }: PackageRepositorySection,
  path: DocumentPath,
  family: "deb" | "rpm",
): Finding[] {
  if (component === undefined) return [];
  const at = [...path, "component"];
  if (family === "rpm") {
    const hint = "Leave it out: the address alone says which packages there are";
    return [{ path: at, message: "has no meaning in an rpm repository", hint, severity: "warning" }];
  }
  if (/^[A-Za-z0-9._/+-]+( +[A-Za-z0-9._/+-]+)*$/.test(component)) return [];
  return [{ path: at, message: "must be names separated by spaces" }];
}

/** @see dnf.conf(5), "VARIABLES" */
const YUM_VARIABLE = /\$(?:releasever(?:_major|_minor)?|basearch|arch)(?![A-Za-z0-9_])/;

function checkUrl({ url }: PackageRepositorySection, path: DocumentPath, family: "deb" | "rpm"): Finding[] {
  if (url === undefined || url === ADDRESS_PLACEHOLDER) return [];
  const at = [...path, "url"];
  const [variable] = (family === "rpm" && YUM_VARIABLE.exec(url)) || [];
  if (variable !== undefined) {
    const message = `has ${variable}, but variables of yum and dnf are not known here`;
    return [{ path: at, message, hint: "Write the value in its place, for example 3.0 or x86_64" }];
  }
  const isList = isMirrorList(url);
  if (isList && family === "deb") {
    return [{ path: at, message: "a mirror list is for rpm repositories", hint: "Name one mirror" }];
  }
  const read = isList ? mirrorListUrl(url) : url;
  if (!/^(https?:\/\/|file:\/\/\/)/.test(read) || !URL.canParse(read)) {
    return [{ path: at, message: `${JSON.stringify(url)} is no http, https or file address` }];
  }
  const address = new URL(read);
  if (address.password !== "" || address.username !== "") {
    const hint = "An address ends up in lock, manifest and logs: use a proxy or a mirror for credentials";
    return [{ path: at, message: "the address has a user name or a password", hint }];
  }
  if ((address.search === "" || isList) && address.hash === "") return [];
  const message = isList ? "the address has a #" : "the address has a ? or #, but paths are put behind it";
  return [{ path: at, message }];
}

function checkKeys({ url, pkey, pkeys }: PackageRepositorySection, path: DocumentPath): Finding[] {
  if (pkey !== undefined && pkeys !== undefined) {
    return [{ path: [...path, "pkeys"], message: "pkey and pkeys exclude each other" }];
  }
  if (url === undefined || url === ADDRESS_PLACEHOLDER || pkey !== undefined || (pkeys ?? []).length > 0) return [];
  const hint = `Add the key file that signs it; pkey: "${TRUSTED}", or gpgcheck: false in the short form, switches its checks off`;
  return [{ path, message: "has no key", hint }];
}

/** Archives and addresses can't be used yet, but are no mistake. */
function checkFiles({ packages }: PackageRepositorySection, path: DocumentPath, family: "deb" | "rpm"): Finding[] {
  if (packages?.length === 0) return [{ path: [...path, "packages"], message: "lists no package" }];
  return (packages ?? []).flatMap((file, index): Finding[] => {
    const at = [...path, "packages", index];
    const [, ending] = /\.(deb|rpm|tar|tar\.gz|tgz|zip)$/.exec(file) ?? [];
    if (ending === undefined) {
      return [
        { path: at, message: `${JSON.stringify(file)} has not the ending of a package`, hint: "Use .deb or .rpm" },
      ];
    }
    if (ending !== { deb: "rpm", rpm: "deb" }[family]) return [];
    return [{ path: at, message: `the target takes no .${ending} packages`, hint: `Use a .${family}` }];
  });
}
