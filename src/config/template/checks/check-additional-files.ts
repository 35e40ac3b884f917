import type { Finding } from "../../document/index.ts";
import { isCleanPath } from "./check-paths.ts";
import type { AdditionalFileSection } from "../schema/index.ts";

const VOLATILE = /^\/(dev|proc|run|sys)(\/|$)/;

/** Each entry has one source and a clean place in the image. */
export function checkAdditionalFiles(files: readonly AdditionalFileSection[]): Finding[] {
  return files.flatMap((file, index) => {
    const path = ["systemConfig", "additionalFiles", index];
    return [...checkSource(file, path), ...checkPlace(file, path, files)];
  });
}

function checkSource(file: AdditionalFileSection, path: readonly (string | number)[]): Finding[] {
  const sources = [
    ...(file.local === undefined ? [] : ["local"]),
    ...(file.content === undefined ? [] : ["content"]),
    ...(file.directory === true ? ["directory"] : []),
  ];
  if (file.local === "") return [{ path: [...path, "local"], message: "must not be empty" }];
  if (sources.length === 1) return [];
  const message = sources.length === 0 ? "says not what to put there" : `has ${sources.join(" and ")}`;
  return [{ path, message, hint: "Give exactly one of local, content and directory: true" }];
}

function checkPlace(
  { final, local, content }: AdditionalFileSection,
  path: readonly (string | number)[],
  files: readonly AdditionalFileSection[],
): Finding[] {
  const at = [...path, "final"];
  // A whole directory can be laid over the root.
  if ((final === "/" && local === undefined) || !isCleanPath(final)) {
    return [{ path: at, message: `${JSON.stringify(final)} is no absolute path of a file` }];
  }
  const below = content === undefined ? undefined : files.find((other) => other.final.startsWith(`${final}/`));
  if (below !== undefined && local === undefined) {
    return [{ path: at, message: `is a file, but ${JSON.stringify(below.final)} needs a directory there` }];
  }
  if (!VOLATILE.test(final)) return [];
  const hint = "What starts there is made at every boot: use tmpfiles.d";
  return [{ path: at, message: "is on a file system that is empty at every start", hint, severity: "warning" }];
}
