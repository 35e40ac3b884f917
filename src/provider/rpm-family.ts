import path from "node:path";
import { installRpms, type PackageFile, rpmSelection, type RpmTransaction, unpackRpms } from "../chroot/index.ts";
import { isComposerError } from "../core/index.ts";
import { licenceOfRpm } from "../evidence/index.ts";
import {
  askRpm,
  failingRpms,
  keepCheckedPayloads,
  readCheckedPayloads,
  readLocalRpms,
  readRpmPackage,
  readRpmRepository,
  readTrustedKeys,
  type RepositoryIndex,
  type RepositorySource,
  resolveRpm,
  type ResolveRpmOptions,
  restrictRpmIndex,
  type RpmIndex,
  type UncheckedRpm,
} from "../ospackage/index.ts";
import { toolRequests } from "./asked-packages.ts";
import { lockStep } from "./lock-step.ts";
import { overFileLists } from "./over-file-lists.ts";
import { type PackageFamily, type ProviderBuild, signalOption } from "./provider-build.ts";
import type { BuildRequest } from "./provider.ts";

/** Azure Linux, Edge Microvisor Toolkit, the EL family: rpm and signed packages. */
export const rpmFamily: PackageFamily = {
  lockStep: (build) =>
    lockStep(build, {
      read: (source) => readIndex(build, source),
      restrict: restrictRpmIndex,
      choose: async (repositories, { requests, exclude }) => {
        const { name: architecture } = build.architecture;
        const choose = (asked: Pick<ResolveRpmOptions, "requests" | "exclude">) =>
          overFileLists(build.host, { repositories, architecture, ...asked }, resolveRpm, readOptions(build));
        return { image: await choose({ requests, exclude }), tools: await choose({ requests: toolRequests(build) }) };
      },
    }),

  ask: async (build, subject, question) => {
    const repositories = await Promise.all(build.sources.map((source) => readIndex(build, source)));
    const { requests, exclude } = subject === "image" ? build : { requests: toolRequests(build), exclude: [] };
    const options = { repositories, architecture: build.architecture.name, requests, exclude };
    return overFileLists(build.host, options, (known) => askRpm(known, question), readOptions(build));
  },

  checkFiles,
  builtAt: async (host, { file }) => (await readRpmPackage(host, file)).buildTimeSeconds,
  unpackToolRoot: (host, files, root) =>
    unpackRpms(
      host,
      files.map(({ file }) => file),
      root,
    ),

  selectionFile: rpmSelection,
  install: async (build, { image, tools, scratch }, files) => {
    const { emit, log } = build.request;
    const transaction = { root: image.root, database: build.rpmDatabase, ...(await transactionTrust(build)) };
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

/**
 * Every package must be signed by a key of the repository that it comes from, however right its digest is, and be the one
 * that its repository says. All that fail and are to blame for it are removed from the cache; the first one is told.
 */
async function checkFiles(build: ProviderBuild, files: readonly PackageFile[], codeDigest?: string): Promise<void> {
  const { host, paths, request } = build;
  const trust = await readTrust(build);
  // Image and tool root share packages.
  const distinct = new Map(files.map((each) => [`${each.package.repository}\0${each.file}`, each]));
  const verdicts = path.join(paths.packageCache, "checked-payloads");
  const checked = codeDigest === undefined ? undefined : await readCheckedPayloads(host, verdicts, codeDigest);
  const rpms = Array.from(distinct.values(), ({ file, package: expected }) => {
    const trusted = trust.get(expected.repository);
    if (trusted === undefined) throw new Error(`the build has no repository "${expected.repository}"`);
    return { file, ...trusted, expected, isPayloadChecked: checked?.has(expected.sha256) === true };
  });
  const options = { workers: request.settings.workers, ...signalOption(build) };
  const failing = await failingRpms(host, rpms, new Date(host.clock.nowMs()), options);
  for (const { file, error } of failing) {
    if (isToBlame(error, request) && file.startsWith(`${paths.packageCache}${path.sep}`)) await host.files.remove(file);
  }
  if (failing[0] !== undefined) throw failing[0].error;
  const digests = files.map((each) => each.package.sha256);
  if (codeDigest !== undefined) await keepCheckedPayloads(host, verdicts, codeDigest, checked, digests);
}

/** By repository: who may have signed its packages, and at what time that may have been, too. */
async function readTrust({
  host,
  sources,
  request,
}: ProviderBuild): Promise<ReadonlyMap<string, Pick<UncheckedRpm, "keys" | "validAt">>> {
  const locked = new Map(request.locked?.lock.repositories.map((repository) => [repository.id, repository]));
  const entries = sources.map(async (source) => {
    if (source.kind !== "rpm" || !source.gpgCheck) return [source.id, {}] as const;
    const keys = await readTrustedKeys(host, source.keys);
    // A lock goes on when a key has expired, as long as the date of its metadata is one that somebody signed.
    const { dateSeconds, signedBy } = locked.get(source.id) ?? {};
    const validAt =
      signedBy === undefined || dateSeconds === undefined ? {} : { validAt: new Date(dateSeconds * 1000) };
    return [source.id, { keys, ...validAt }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** What a lock names is what was meant: fetched again it would be the same, and with other keys it may be good. */
function isToBlame(error: unknown, { locked }: BuildRequest): boolean {
  return locked === undefined && isComposerError(error) && error.code.startsWith("PACKAGE_");
}

/** The keys that rpm is to check packages with, and whether all packages have to be signed by one of them. */
async function transactionTrust({
  host,
  sources,
}: ProviderBuild): Promise<Pick<RpmTransaction, "keys" | "areSignaturesRequired">> {
  const keys = new Map<string, string>();
  for (const source of sources) {
    if (source.kind !== "rpm" || !source.gpgCheck) continue;
    for (const key of await readTrustedKeys(host, source.keys)) keys.set(key.getFingerprint(), key.armor());
  }
  const areSignaturesRequired = sources.every((source) => source.kind === "rpm" && source.gpgCheck);
  return { keys: [...keys.values()], areSignaturesRequired };
}
