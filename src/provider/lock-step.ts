import path from "node:path";
import type { Json, Step } from "../core/index.ts";
import { trustWarnings } from "../evidence/index.ts";
import {
  createLock,
  type Lock,
  lockDigest,
  lockRepository,
  type PackageIndex,
  type ExclusionLine,
  type PackageRequest,
  preferLocked,
  preferLockedKernels,
  type RepositoryIndex,
  type RepositorySource,
  type Resolution,
  type RestrictIndex,
  withTemplateWords,
} from "../ospackage/index.ts";
import { findSha256 } from "./find-sha256.ts";
import type { ProviderBuild } from "./provider-build.ts";
import { saveResultsIn } from "./saved-results.ts";

/** How a family of packages gets from repositories to a choice. */
export interface PackageChoice<Index extends PackageIndex> {
  /** The packages that a repository offers, fetched and verified. */
  readonly read: (source: RepositorySource) => Promise<RepositoryIndex<Index>>;
  readonly restrict: RestrictIndex<Index>;
  readonly choose: (
    repositories: readonly RepositoryIndex<Index>[],
    asked: { readonly requests: readonly PackageRequest[]; readonly exclude: readonly ExclusionLine[] },
  ) => Promise<{ readonly image: Resolution; readonly tools: Resolution }>;
}

/** The step that chooses packages; with a lock file, the one that takes what it says. */
export function lockStep<Index extends PackageIndex>(build: ProviderBuild, choice: PackageChoice<Index>): Step<Lock> {
  const { locked } = build.request;
  return locked === undefined ? choosingStep(build, choice) : lockedStep(build, locked.lock);
}

function choosingStep<Index extends PackageIndex>(
  build: ProviderBuild,
  { read, restrict, choose }: PackageChoice<Index>,
): Step<Lock> {
  const { host, providerId, requests, exclude, toolPackages } = build;
  const { preference, template } = build.request;
  const baseDirectory = path.dirname(template.file);
  const index: Step<readonly RepositoryIndex<Index>[]> = {
    name: "index",
    stage: "packages",
    title: "Fetching repository metadata",
    inputs: [],
    settings: null,
    keyOfResult: (indexes) => indexes.map((repository) => lockRepository(repository, baseDirectory) as unknown as Json),
    run: () => Promise.all(build.sources.map(read)),
  };
  const choosing: Step<Lock> = {
    name: "lock",
    stage: "packages",
    title: "Resolving dependencies",
    inputs: [index],
    settings: {
      providerId,
      requests: requests.map(({ text, versionPrefix, origin }) => [text, versionPrefix ?? null, origin]),
      exclude: exclude.map(({ text }) => text),
      tools: toolPackages,
      // Only local packages are named relative to it.
      ...(build.sources.some(({ kind }) => kind === "local") ? { baseDirectory } : {}),
      ...(preference === undefined ? {} : { update: preference.update, locked: lockDigest(preference.lock) }),
    },
    run: async (values) => {
      const indexes = await values.get(index);
      const repositories = preference === undefined ? indexes : preferLocked(indexes, preference, restrict);
      const asked = preference === undefined ? requests : preferLockedKernels(requests, indexes, preference);
      const { image, tools } = await findSha256(build, await choose(repositories, { requests: asked, exclude }));
      const resolution = withTemplateWords(image, asked, requests);
      return createLock({ providerId, repositories: indexes, resolution, toolResolution: tools, baseDirectory });
    },
  };
  if (preference !== undefined) return choosing;
  const record = path.join(build.paths.records, "lock.json");
  return { ...choosing, saved: saveResultsIn(host, { record, filesOf: () => [] }) };
}

/** No index is an input: none is read, and none can be too old. */
function lockedStep({ request }: ProviderBuild, lock: Lock): Step<Lock> {
  return {
    name: "lock",
    stage: "packages",
    inputs: [],
    settings: { locked: lockDigest(lock) },
    run: async () => {
      for (const { code, message } of trustWarnings(lock)) {
        request.emit({ type: "warning", stage: "packages", code, message });
      }
      return lock;
    },
  };
}
