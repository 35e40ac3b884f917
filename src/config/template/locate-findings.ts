import {
  type DocumentPath,
  type Finding,
  type Issue,
  type Mapping,
  type Positions,
  formatPath,
  parsePath,
} from "../document/index.ts";

/** Gives findings about a document the places where its values were written. */
export function locateFindings(findings: readonly Finding[], root: Mapping, positions: Positions): Issue[] {
  return findings.map(({ code = "TEMPLATE_INVALID", path, message, hint, severity }) => {
    const steps = toPath(path);
    const position = positions.find(root, steps);
    return {
      code,
      path: formatPath(steps),
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(severity === undefined ? {} : { severity }),
      ...(position === undefined ? {} : { position }),
    };
  });
}

export function toPath(path: DocumentPath | string): DocumentPath {
  return typeof path === "string" ? parsePath(path) : path;
}
