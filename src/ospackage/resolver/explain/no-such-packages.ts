import type { ComposerError } from "../../../core/index.ts";
import type { DebProblem, ResolveDebOptions } from "../deb-problem.ts";
import { unknownPackages } from "../unknown-packages.ts";
import { MAX_TRIED, workingVersion } from "./suggest-changes.ts";

/** The error about requests that no repository can fill, with versions that were tried. */
export function noSuchPackages({ provider, unknown }: DebProblem, options: ResolveDebOptions): ComposerError {
  const requests = unknown.map(({ request }) => request);
  const tried = new Set(requests.slice(0, MAX_TRIED));
  return unknownPackages(unknown, provider.pool, options.repositories, (request) => {
    if (!tried.has(request)) return undefined;
    const others = options.requests.filter((other) => other === request || !requests.includes(other));
    return workingVersion(request, { ...options, requests: others });
  });
}
