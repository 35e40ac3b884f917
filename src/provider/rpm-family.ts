import path from "node:path";
import { installRpms, type PackageFile, unpackRpms } from "../chroot/index.ts";
import { isComposerError } from "../core/index.ts";
import { licenceOfRpm } from "../evidence/index.ts";
import {
  failingRpms,
  keepCheckedPayloads,
  readCheckedPayloads,
  readFileOwners,
  readLocalRpms,
  readRpmPackage,
  readRpmRepository,
  readTrustedKeys,
  type RepositoryIndex,
  type RepositorySource,
  type Resolution,
  resolveRpm,
  type ResolveRpmOptions,
  restrictRpmIndex,
  type RpmIndex,
  rpmQuestions,
  withFileOwners,
} from "../ospackage/index.ts";
import { toolRequests } from "./asked-packages.ts";
import { lockStep } from "./lock-step.ts";

import { type PackageFamily, type ProviderBuild, signalOption } from "./provider-build.ts";

/** Azure Linux, Edge Microvisor Toolkit, the EL family: rpm and signed packages. */
export const rpmFamily: PackageFamily = {
  lockStep: (build) =>
    lockStep(build, {
      read: (source) => readIndex(build, source),
      restrict: restrictRpmIndex,
      choose: async (repositories, { requests, exclude }) => {
        const architecture = build.architecture.name;
        return {
          image: await resolve(build, { repositories, architecture, requests, exclude }),
          tools: await resolve(build, { repositories, architecture, requests: toolRequests(build) }),
        };
      },
    }),

  questions: async (build, subject) => {
    const repositories = await Promise.all(build.sources.map((source) => readIndex(build, source)));
    const options = { repositories, architecture: build.architecture.name };
    if (subject === "tool-root") {
      const asked = { ...options, requests: toolRequests(build) };
      return rpmQuestions(await withNeededOwners(build, asked));
    }
    const { requests, exclude } = build;
    return rpmQuestions(await withNeededOwners(build, { ...options, requests, exclude }));
  },

  checkFiles,
  builtAt: async (host, { file }) => (await readRpmPackage(host, file)).buildTimeSeconds,
  unpackToolRoot: (host, files, root) =>
    unpackRpms(
      host,
      files.map(({ file }) => file),
      root,
    ),

  install: async (build, { image, tools, scratch }, files) => {
    const { emit, log } = build.request;
    const keys = await transactionKeys(build);
    const transaction = { root: image.root, database: build.rpmDatabase, keys };
    const installed = await installRpms(build.host, tools, files, transaction, scratch, { emit, log });
    return Object.fromEntries(
      installed.flatMap(({ name, licence }) => {
        const expression = licenceOfRpm(licence);
        return expression === undefined ? [] : [[name, expression] as const];
      }),
    );
  },
};

/** The packages that a repository offers, fetched and verified. @throws as the readers of repositories */
function readIndex(build: ProviderBuild, source: RepositorySource): Promise<RepositoryIndex<RpmIndex>> {
  switch (source.kind) {
    case "local":
      return readLocalRpms(build.host, source, { architecture: build.architecture.name, ...signalOption(build) });
    case "rpm":
      return readRpmRepository(build.host, source, readOptions(build));
    case "deb":
      throw new Error(`${source.id} is no rpm repository`);
  }
}

function readOptions(build: ProviderBuild) {
  const { request, paths, architecture } = build;
  const { offline, emit } = request;
  return {
    architecture: architecture.name,
    cacheDir: paths.repositoryCache,
    offline,
    emit,
    ...signalOption(build),
  };
}

async function resolve(build: ProviderBuild, options: ResolveRpmOptions): Promise<Resolution> {
  const first = resolveRpm(options);
  if (first.kind === "resolved") return first.resolution;
  const second = resolveRpm(await withOwners(build, options, first.paths));
  if (second.kind === "resolved") return second.resolution;
  // Other candidates were considered now that some paths have owners.
  const third = resolveRpm(await withOwners(build, options, [...first.paths, ...second.paths]));
  if (third.kind === "resolved") return third.resolution;
  throw new Error(`file lists don't answer about ${third.paths.join(", ")}`);
}

/** What is asked, over indexes that know the paths that the answer depends on. */
async function withNeededOwners(build: ProviderBuild, options: ResolveRpmOptions): Promise<ResolveRpmOptions> {
  const resolved = resolveRpm(options);
  return resolved.kind === "resolved" ? options : withOwners(build, options, resolved.paths);
}

async function withOwners(
  build: ProviderBuild,
  options: ResolveRpmOptions,
  paths: readonly string[],
): Promise<ResolveRpmOptions> {
  const repositories = await Promise.all(
    options.repositories.map(async (repository) => {
      const { source, index } = repository;
      if (source.kind !== "rpm") return repository;
      const owners = await readFileOwners(build.host, source, paths, readOptions(build));
      return { ...repository, index: withFileOwners(index, owners) };
    }),
  );
  return { ...options, repositories };
}

/**
 * Every package must be signed by a key of the repository that it comes from, however right its digest is. All that fail
 * and are to blame for it are removed from the cache; the first one is told.
 */
async function checkFiles(build: ProviderBuild, files: readonly PackageFile[], codeDigest?: string): Promise<void> {
  const { host, sources, paths, request } = build;
  const keys = new Map(
    await Promise.all(
      sources.map(async (source) => {
        const isChecked = source.kind === "rpm" && source.gpgCheck;
        return [source.id, isChecked ? { keys: await readTrustedKeys(host, source.keys) } : {}] as const;
      }),
    ),
  );
  // Image and tool root share packages.
  const distinct = new Map(files.map((each) => [`${each.package.repository}\0${each.file}`, each]));
  const verdicts = path.join(paths.packageCache, "checked-payloads");
  const checked = codeDigest === undefined ? undefined : await readCheckedPayloads(host, verdicts, codeDigest);
  const rpms = Array.from(distinct.values(), ({ file, package: { repository, sha256 } }) => {
    const trust = keys.get(repository);
    if (trust === undefined) throw new Error(`the build has no repository "${repository}"`);
    return { file, ...trust, isPayloadChecked: checked?.has(sha256) === true };
  });
  const options = { workers: request.settings.workers, ...signalOption(build) };
  const failing = await failingRpms(host, rpms, new Date(host.clock.nowMs()), options);
  for (const { file, error } of failing) {
    const isToBlame = isComposerError(error) && error.code.startsWith("PACKAGE_");
    if (isToBlame && file.startsWith(`${paths.packageCache}${path.sep}`)) await host.files.remove(file);
  }
  if (failing[0] !== undefined) throw failing[0].error;
  const digests = files.map((each) => each.package.sha256);
  if (codeDigest !== undefined) await keepCheckedPayloads(host, verdicts, codeDigest, checked, digests);
}

/** The keys that rpm is to check packages with; none when some come from where signatures are not checked. */
async function transactionKeys({ host, sources }: ProviderBuild): Promise<readonly string[]> {
  const armoredByFingerprint = new Map<string, string>();
  for (const source of sources) {
    if (source.kind !== "rpm" || !source.gpgCheck) return [];
    for (const key of await readTrustedKeys(host, source.keys)) {
      armoredByFingerprint.set(key.getFingerprint(), key.armor());
    }
  }
  return [...armoredByFingerprint.values()];
}
