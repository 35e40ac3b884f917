import type { ComposerError } from "../../../core/index.ts";
import type { Problem } from "../problem.ts";
import { unknownPackages } from "../unknown-packages.ts";
import { MAX_TRIED, workingVersion } from "./suggest-changes.ts";

/** The error about requests that no repository can fill, with versions that were tried. */
export function noSuchPackages(problem: Problem): ComposerError {
  const { unknown, pool, options } = problem;
  const requests = unknown.map(({ request }) => request);
  const tried = new Set(requests.slice(0, MAX_TRIED));
  return unknownPackages(unknown, pool, options.repositories, (request) => {
    if (!tried.has(request)) return undefined;
    const others = options.requests.filter((other) => other === request || !requests.includes(other));
    return workingVersion(request, problem.again({ requests: others }));
  });
}
