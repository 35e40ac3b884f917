import type { DocumentPath, Finding } from "../../document/index.ts";
import { excludes, packageNameOf } from "../exclude-packages.ts";
import { packageFamilyOf } from "../package-family.ts";
import type { ImageTemplate } from "../schema/index.ts";

const PACKAGES = ["systemConfig", "packages"] as const;
const KERNEL_PACKAGES = ["systemConfig", "kernel", "packages"] as const;
/** The name of an operator in the schema, and what follows it. */
const VERSIONED = /^([^<>=]+)(<<|>>|[<>]=?|==?)(.*)$/;
/** `name-1.2-3.azl3`: a release that ends in the mark of an rpm distribution. */
const RPM_FILE_NAME = /^(.+)-([0-9][^-]*)-([^-]+\.(?:azl|emt|el|fc|cm)\d+)$/;
/** `name_1.2-3`; rpm names may have `_`, but then no number with a point, hyphen or colon behind it. */
const DEB_FILE_NAME = /^([^_]+)_(\d+[.:-][^_]*)$/;

interface Entry {
  readonly text: string;
  readonly path: DocumentPath;
}

/** Names and versions are in the form of the target's packages, and nothing is both wanted and excluded. */
export function checkPackages({ target, systemConfig = {} }: ImageTemplate): Finding[] {
  const { packages = [], kernel = {}, excludePackages = [] } = systemConfig;
  const entries: Entry[] = [
    ...packages.map((text, index) => ({ text, path: [...PACKAGES, index] })),
    ...(kernel.packages ?? []).map((text, index) => ({ text, path: [...KERNEL_PACKAGES, index] })),
  ];
  const family = packageFamilyOf(target);
  return [
    ...entries.flatMap((entry) => [
      ...(family === "deb" ? checkDebEntry(entry) : checkRpmEntry(entry)),
      ...checkOperator(entry),
    ]),
    ...checkVersions(entries),
    ...excludePackages.flatMap((exclusion, index) => checkExclusion(exclusion, index, entries)),
  ];
}

function checkDebEntry({ text, path }: Entry): Finding[] {
  const [, name = "", version = "", release = ""] = RPM_FILE_NAME.exec(text) ?? [];
  if (name !== "") {
    const hint = `Write ${name}=${version}-${release}`;
    return [{ path, message: `${JSON.stringify(text)} has a version in the form of rpm`, hint }];
  }
  const bare = packageNameOf(text);
  if (/[A-Z]/.test(bare)) {
    return [{ path, message: `${JSON.stringify(bare)}: names of Debian packages have no capital letters` }];
  }
  return [];
}

function checkRpmEntry({ text, path }: Entry): Finding[] {
  const [, name = "", version = ""] = DEB_FILE_NAME.exec(text) ?? [];
  if (name === "") return [];
  const message = `${JSON.stringify(text)} has a version in the form of deb`;
  return [{ path, message, hint: `Write ${name}-${version} or ${name}=${version}` }];
}

function checkOperator({ text, path }: Entry): Finding[] {
  const [, name = "", operator = "", version = ""] = VERSIONED.exec(text) ?? [];
  if (operator === "") return [];
  if (/[*?[\]]/.test(name)) {
    return [{ path, message: `${JSON.stringify(text)} is a glob with a version`, hint: "Give the whole name" }];
  }
  if (operator === "<" || operator === ">" || operator === "==") {
    const right = { "<": "<<", ">": ">>", "==": "=" }[operator];
    return [{ path, message: `"${operator}" is no relation of versions`, hint: `Write ${name}${right}${version}` }];
  }
  if (/^(\d+:)?[0-9A-Za-z]/.test(version)) return [];
  return [{ path, message: `${JSON.stringify(version)} is no version`, hint: "Versions begin with a digit" }];
}

/** One package can't have two versions. */
function checkVersions(entries: readonly Entry[]): Finding[] {
  const exact = new Map<string, string>();
  return entries.flatMap(({ text, path }): Finding[] => {
    const [, name, version] = /^([^<>=_]+)[=_]([^=].*)$/.exec(text) ?? [];
    if (name === undefined || version === undefined) return [];
    const earlier = exact.get(name);
    if (earlier === undefined) exact.set(name, version);
    if (earlier === undefined || earlier === version) return [];
    return [{ path, message: `version ${version} of "${name}" is wanted, and ${earlier} above` }];
  });
}

function checkExclusion(exclusion: string, index: number, entries: readonly Entry[]): Finding[] {
  const kept = entries.find(({ text }) => excludes(exclusion, text));
  if (kept === undefined) return [];
  const list = kept.path.slice(0, -1).join(".");
  const message = `${JSON.stringify(exclusion)} keeps out ${JSON.stringify(kept.text)}, which ${list} asks for`;
  return [{ path: ["systemConfig", "excludePackages", index], message, hint: "Remove one of them" }];
}
