import { compareCodeUnits } from "../../core/index.ts";
import type { Lock, LockedPackage } from "./lock.ts";
import { inputsDigest, type LockInputs } from "./lock-inputs.ts";
import type { LockDocument } from "./lock-schema.ts";

/** A lock and what it was made for. */
export interface LockFile {
  readonly inputs: LockInputs;
  readonly lock: Lock;
}

/** Where the lock of a template is: `edge.lock.json` beside `edge.yml`. */
export function lockFilePath(template: string): string {
  return `${template.replace(/\.(?:ya?ml|json)$/i, "")}.lock.json`;
}

/**
 * The text of a lock file: the same for the same lock, one line for each fact.
 *
 * Packages are in code unit order, so that a change of one of them moves nothing else; the order of installation follows
 * from what they depend on.
 */
export function formatLockFile({ inputs, lock }: LockFile): string {
  const { packages, excludePackages, toolPackages } = inputs;
  const document: LockDocument = {
    schemaVersion: lock.schemaVersion,
    providerId: lock.providerId,
    templateSha256: inputsDigest(inputs),
    template: {
      packages: [...packages],
      excludePackages: [...excludePackages],
      toolPackages: [...toolPackages],
    },
    repositories: lock.repositories.map(({ components, allowPackages, priority = 500, ...repository }) => ({
      ...repository,
      ...(components === undefined ? {} : { components: [...components] }),
      priority,
      ...(allowPackages === undefined ? {} : { allowPackages: [...allowPackages] }),
    })),
    packages: byName(lock.packages),
    toolPackages: byName(lock.toolPackages),
  };
  return `${formatJson(document, "")}\n`;
}

function byName(packages: readonly LockedPackage[]): LockDocument["packages"] {
  return packages
    .toSorted((a, b) => compareCodeUnits(a.name, b.name))
    .map(({ dependsOn, preDependsOn, ...locked }) => ({
      ...locked,
      dependsOn: [...dependsOn],
      preDependsOn: [...preDependsOn],
    }));
}

const LINE_LENGTH = 100;

/** JSON with two blanks of indentation; a list of short texts, and a mapping of two, is one line. */
function formatJson(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const isPlain = (item: unknown): boolean => typeof item !== "object" || item === null;
  const items = isList ? value : Object.values(value);
  const parts = isList
    ? value.map((item) => formatJson(item, `${indent}  `))
    : Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${formatJson(member, `${indent}  `)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  const isShort = items.every(isPlain) && (isList || items.length <= 2);
  const line = isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  if (items.length === 0 || (isShort && line.length + indent.length <= LINE_LENGTH)) return line;
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(",\n")}\n${indent}${close}`;
}
