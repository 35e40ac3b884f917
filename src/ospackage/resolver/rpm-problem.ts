import type { RpmIndex, RpmPackage } from "../rpm/rpm-index.ts";
import { explainRpm } from "./explain/explain-rpm.ts";
import type { ExplainedProvider } from "./explain/explained-provider.ts";
import type { PackageRequest, Selection } from "./package-request.ts";
import { changeOptions, type Problem, type ResolveOptions, rootsOf } from "./problem.ts";
import { createRpmPool, type RpmPool } from "./rpm-pool.ts";
import { createRpmProvider, type RpmProvider } from "./rpm-provider.ts";
import { foreignArchitectures, selectRpmPackages } from "./rpm-request.ts";

export type ResolveRpmOptions = ResolveOptions<RpmIndex>;

/** {@link Problem} with rpm's own sides. */
export interface RpmProblem extends Problem<RpmPackage> {
  readonly pool: RpmPool;
  readonly provider: ExplainedProvider & RpmProvider;
}

/** @param onUnknownOwner told of paths that file lists have to be asked about, now and whenever the problem is used */
export function createRpmProblem(
  options: ResolveRpmOptions,
  onUnknownOwner: (path: string) => void = () => undefined,
): RpmProblem {
  const { repositories, architecture, requests, exclude = [], installWeak = false } = options;
  const foreign = foreignArchitectures(requests, architecture);
  const pool = createRpmPool({ repositories, architecture, foreign, exclude, onUnknownOwner });
  const provider = createRpmProvider(pool, installWeak);
  const select = (request: PackageRequest): Selection => selectRpmPackages(request, pool);
  return {
    options,
    pool,
    provider: { ...provider, ...explainRpm(provider) },
    ...rootsOf(requests, select, (request, _, candidates) => ({
      requirement: provider.requirementOn(request.text, candidates),
      request,
    })),
    select,
    again: (changes) => createRpmProblem(changeOptions(options, changes), onUnknownOwner),
  };
}
