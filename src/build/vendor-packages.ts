import path from "node:path";
import { architectureOf, ComposerError, type Sha256Hex } from "../core/index.ts";
import { type Host, takeFileLock } from "../host/index.ts";
import {
  collectSignedChain,
  hasDigest,
  inParallel,
  type Lock,
  type LockedPackage,
  type LockedRepository,
  type RepositorySource,
  throwIfAborted,
  trustedKeyring,
  type VendorDirectory,
} from "../ospackage/index.ts";
import type { BuildRequest, NamedLockFile, PackageOrigins } from "../provider/index.ts";
import { collectPackages } from "./fetch-build-packages.ts";
import { takeUseLock } from "./take-locks.ts";
import { planVendorDirectory, type VendorChain, type VendorRepository } from "./vendor-layout.ts";
import { readVendorTarget, vendorTarget } from "./vendor-target.ts";
import { type VendorChanges, writeVendorDirectory } from "./write-vendor-directory.ts";

/** What making a vendor directory did. */
export interface VendorReport extends VendorChanges {
  readonly directory: string;
  readonly packageCount: number;
  readonly packageBytes: number;
  readonly downloadedCount: number;
  readonly downloadedBytes: number;
  readonly repositories: readonly VendorRepository[];
}

const READERS = 4;
const LOCK_TIMEOUT_MS = 30 * 60_000;

/**
 * Makes, or updates, a directory with exactly the packages of a lock and the signed metadata that vouches for them.
 *
 * @param lockFile absolute; copied byte for byte
 * @param directory absolute
 * @throws {VENDOR_INVALID} the directory can't become one @throws {LOCK_STALE} @throws as `fetchPackages`
 */
export async function vendorPackages(
  host: Host,
  request: BuildRequest & { readonly locked: NamedLockFile },
  lockFile: string,
  directory: string,
): Promise<VendorReport> {
  const { settings, emit, signal } = request;
  const target = await vendorTarget(host, directory, settings);
  await host.files.makeDirectory(path.dirname(target.directory));
  await using locks = new AsyncDisposableStack();
  locks.use(await takeUseLock(host, request, settings.cacheDir));
  locks.use(
    // The directory itself is replaced by a rename, so its parent is what two runs can agree on.
    await takeFileLock(path.dirname(target.directory), {
      timeoutMs: LOCK_TIMEOUT_MS,
      onWait: () => emit({ type: "info", message: `Waiting for another vendor directory beside "${directory}"` }),
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  const before = await readVendorTarget(host, target);
  const { lock, origins, stored, report } = await collectPackages(host, request, before);
  const plan = planVendorDirectory({
    lock,
    lockFile: { name: path.basename(lockFile), content: await host.files.readBytes(lockFile) },
    stored,
    misdescribed: await findMisdescribed(host, lock, stored, signal),
    chains: await collectChains(host, request, lock.repositories, origins, before),
  });
  for (const { id, warning } of plan.repositories) {
    if (warning === undefined) continue;
    const message = `The signed metadata of "${id}" is not complete: ${warning}`;
    emit({ type: "warning", stage: "packages", code: "LOCK", message });
  }
  const changes = await writeVendorDirectory(host, target, plan.files, before, signal);
  const { packageCount, packageBytes, repositories } = plan;
  const { downloadedCount, downloadedBytes } = report;
  return { ...changes, directory, packageCount, packageBytes, downloadedCount, downloadedBytes, repositories };
}

/** A lock that somebody wrote may give a package a longer digest that is not its own: metadata goes by that one. */
async function findMisdescribed(
  { files }: Host,
  { packages, toolPackages }: Lock,
  stored: ReadonlyMap<Sha256Hex, string>,
  outer: AbortSignal | undefined,
): Promise<ReadonlySet<LockedPackage>> {
  const misdescribed = new Set<LockedPackage>();
  const check = async (locked: LockedPackage, signal: AbortSignal): Promise<void> => {
    throwIfAborted(signal);
    const file = stored.get(locked.sha256);
    if (locked.longDigest === undefined || file === undefined) return;
    if (!(await hasDigest(files, file, locked.longDigest))) misdescribed.add(locked);
  };
  await inParallel([...packages, ...toolPackages], READERS, check, outer);
  return misdescribed;
}

async function collectChains(
  host: Host,
  request: BuildRequest,
  repositories: readonly LockedRepository[],
  origins: PackageOrigins,
  before: VendorDirectory | undefined,
): Promise<ReadonlyMap<string, VendorChain>> {
  const chains = new Map<string, VendorChain>();
  // One after the other: each may hold an index in memory.
  for (const repository of repositories) {
    const source = origins.sources.find(({ id }) => id === repository.id);
    if (source === undefined || source.kind === "local") continue;
    chains.set(repository.id, await collectChain(host, request, repository, source, origins, before));
  }
  return chains;
}

async function collectChain(
  host: Host,
  { template, settings, offline, emit, signal }: BuildRequest,
  repository: LockedRepository,
  source: Exclude<RepositorySource, { readonly kind: "local" }>,
  { archivesOf }: PackageOrigins,
  before: VendorDirectory | undefined,
): Promise<VendorChain> {
  const { arch } = template.template.target;
  const architecture = source.kind === "deb" ? architectureOf(arch)?.deb : arch;
  if (architecture === undefined) throw new ComposerError("TEMPLATE_UNSUPPORTED", `Cannot vendor for "${arch}"`);
  const chain = await collectSignedChain(host, source, {
    architecture,
    metadataSha256: repository.metadataSha256,
    archiveUrls: archivesOf(repository),
    known: before?.files ?? new Map(),
    cacheDir: settings.cacheDir,
    offline,
    emit,
    ...(signal === undefined ? {} : { signal }),
  });
  const hasKeys = source.gpgCheck || (source.kind === "rpm" && source.repoGpgCheck);
  const form = source.kind === "rpm" ? "armored" : "binary";
  return {
    ...(hasKeys ? { keyring: { form, content: await trustedKeyring(host, source.keys, form) } } : {}),
    ...(chain === undefined ? {} : { chain }),
  };
}
