import type { Finding } from "../document/index.ts";
import type { PackageRepositorySection } from "./schema/index.ts";

/** The value that other tools' templates have in place of an address, to be filled in. */
export const ADDRESS_PLACEHOLDER = "<URL>";
/** The value of `pkey` that switches the signature check of one repository off. */
export const TRUSTED = "[trusted=yes]";

/** Each repository has one source of packages, and whoever signs it is named. */
export function checkRepositories(repositories: readonly PackageRepositorySection[]): Finding[] {
  return repositories.flatMap((repository, index) => checkRepository(repository, ["packageRepositories", index]));
}

function checkRepository(repository: PackageRepositorySection, path: readonly (string | number)[]): Finding[] {
  const { url, pkey, pkeys, component } = repository;
  const sources = (["url", "path", "packages"] as const).filter((key) => repository[key] !== undefined);
  if (sources.length !== 1) {
    const message = sources.length === 0 ? "has no packages" : `has ${sources.join(" and ")}`;
    return [{ path, message, hint: "Give exactly one of url, path and packages" }];
  }
  const findings: Finding[] = [];
  if (url !== undefined && url !== ADDRESS_PLACEHOLDER) {
    if (!/^(https?:\/\/|file:\/\/\/)/.test(url) || !URL.canParse(url)) {
      findings.push({ path: [...path, "url"], message: `${JSON.stringify(url)} is no http, https or file address` });
    } else if (new URL(url).password !== "") {
      const hint = "An address ends up in lock, manifest and logs: use a proxy or a mirror for credentials";
      findings.push({ path: [...path, "url"], message: "the address has a password", hint });
    }
    if (pkey === undefined && (pkeys ?? []).length === 0) {
      const hint = `Add pkey with the key file that signs it, or "${TRUSTED}" to switch its checks off`;
      findings.push({ path, message: "has no key", hint });
    }
  }
  if (pkey !== undefined && pkeys !== undefined) {
    findings.push({ path: [...path, "pkeys"], message: "pkey and pkeys exclude each other" });
  }
  if (component !== undefined && !/^[A-Za-z0-9._/+-]+( +[A-Za-z0-9._/+-]+)*$/.test(component)) {
    findings.push({ path: [...path, "component"], message: "must be names separated by spaces" });
  }
  return findings;
}
