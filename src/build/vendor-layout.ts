import path from "node:path";
import { compareCodeUnits, ComposerError, type Sha256Hex, sha256 } from "../core/index.ts";
import {
  formatDigests,
  type IndexedPackage,
  type Lock,
  type LockedPackage,
  type LockedRepository,
  type PackageIndex,
  type SignedChain,
  VENDOR_DIGESTS,
  VENDOR_MANIFEST,
  withoutCredentials,
} from "../ospackage/index.ts";

/** A file of a vendor directory and where its bytes come from. */
export type VendorFile = { readonly path: string; readonly sha256: Sha256Hex } & (
  { readonly content: Uint8Array } | { readonly file: string; readonly sizeBytes: number }
);

/** What `vendor.json` says of one repository. */
export interface VendorRepository {
  readonly id: string;
  /** Where it begins in the vendor directory; packages are below it at their locked paths. */
  readonly directory: string;
  readonly packageCount: number;
  /** The InRelease, Release or repomd.xml that the lock was made from. */
  readonly lockedMetadataSha256: Sha256Hex;
  /** The one that is here; absent when none was found. */
  readonly metadataSha256?: Sha256Hex;
  /** The `Date` of that, seconds since 1970. */
  readonly dateSeconds?: number;
  /** The primary key whose signature of it is valid. */
  readonly signedBy?: string;
  /** Public keys: `.gpg` for gpgv, `.asc` for rpmkeys. */
  readonly keyring?: string;
  /** Signed metadata and the indexes that it names. */
  readonly metadata: readonly string[];
  /** True when signature, indexes and every package fit together, in the state that the lock was made from. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly warning?: string;
}

/** What is known of one repository's signed metadata. */
export interface VendorChain {
  readonly chain?: SignedChain;
  /** Absent when checks are off. */
  readonly keyring?: { readonly form: "binary" | "armored"; readonly content: Uint8Array };
}

export interface VendorPlanInput {
  readonly lock: Lock;
  readonly lockFile: { readonly name: string; readonly content: Uint8Array };
  /** Files of packages by digest. */
  readonly stored: ReadonlyMap<Sha256Hex, string>;
  /** Locked packages whose files don't have their `longDigest`. */
  readonly misdescribed: ReadonlySet<LockedPackage>;
  /** By repository. */
  readonly chains: ReadonlyMap<string, VendorChain>;
}

export interface VendorPlan {
  /** In code unit order of their paths. */
  readonly files: readonly VendorFile[];
  readonly repositories: readonly VendorRepository[];
  readonly packageCount: number;
  readonly packageBytes: number;
}

/**
 * Plans a vendor directory: nothing in it depends on anything but the lock, the packages and the metadata.
 *
 * @throws {LOCK_INVALID} two files would have the same place, or one a place outside
 */
export function planVendorDirectory({ lock, lockFile, stored, misdescribed, chains }: VendorPlanInput): VendorPlan {
  const directories = repositoryDirectories(lock.repositories);
  const files = new Map<string, VendorFile>();
  const add = (file: VendorFile): void => {
    const before = files.get(file.path);
    if (before !== undefined && before.sha256 !== file.sha256) throw unusable(`two files would be "${file.path}"`);
    if (file.path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw unusable(`"${file.path}" is no place in a directory`);
    }
    files.set(file.path, file);
  };
  const packages = new Map(
    [...lock.packages, ...lock.toolPackages].map((locked) => [`${locked.repository}\n${locked.sha256}`, locked]),
  );
  for (const locked of packages.values()) {
    const file = stored.get(locked.sha256);
    if (file === undefined) throw new Error(`the store has no file for ${locked.name}`);
    const { sha256: digest, sizeBytes } = locked;
    const repository = lock.repositories.find(({ id }) => id === locked.repository);
    const name = repository?.type === "local" ? localName(locked) : locked.path;
    add({ path: `${directories.get(locked.repository) ?? ""}/${name}`, sha256: digest, file, sizeBytes });
  }
  const repositories = lock.repositories.map((repository) => {
    const directory = directories.get(repository.id) ?? "";
    const own = [...packages.values()].filter((locked) => locked.repository === repository.id);
    const vendorChain = chains.get(repository.id) ?? {};
    const described = describeRepository(repository, directory, { own, misdescribed }, vendorChain);
    for (const { path: below, content } of vendorChain.chain?.files ?? []) {
      add({ path: `${directory}/${below}`, sha256: sha256(content), content });
    }
    const { keyring } = vendorChain;
    if (keyring !== undefined && described.keyring !== undefined) {
      add({ path: described.keyring, sha256: sha256(keyring.content), content: keyring.content });
    }
    return described;
  });
  const lockName = fileName(lockFile.name);
  add({ path: lockName, sha256: sha256(lockFile.content), content: lockFile.content });
  const manifest = jsonText({
    schemaVersion: 1,
    providerId: lock.providerId,
    lock: lockName,
    repositories,
  });
  add({ path: VENDOR_MANIFEST, sha256: sha256(manifest), content: manifest });
  const sorted = (): VendorFile[] => [...files.values()].sort((a, b) => compareCodeUnits(a.path, b.path));
  const digests = Buffer.from(formatDigests(sorted().map((file) => [file.path, file.sha256] as const)));
  add({ path: VENDOR_DIGESTS, sha256: sha256(digests), content: digests });
  const packageBytes = [...packages.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { files: sorted(), repositories, packageCount: packages.size, packageBytes };
}

/**
 * Where each repository begins: suites of one address share a directory, as they share its pool, so that the directory
 * is a mirror of what is in it. It has the name that `--mirror` knows the address by.
 */
export function repositoryDirectories(repositories: readonly LockedRepository[]): ReadonlyMap<string, string> {
  const byAddress = new Map<string, string>();
  const taken = new Set([VENDOR_MANIFEST, VENDOR_DIGESTS, KEYS]);
  const directories = new Map<string, string>();
  for (const { id, type, url } of repositories) {
    const address = `${type}\n${url.replace(/\/+$/, "")}`;
    let directory = byAddress.get(address);
    if (directory === undefined) {
      const names = [...(id.startsWith("template/") ? [] : [id.split("/")[0] ?? id]), id].map(fileName);
      const free = names.find((name) => !taken.has(name));
      directory = free ?? `${fileName(id)}-${sha256(id).slice(0, 12)}`;
      taken.add(directory);
      byAddress.set(address, directory);
    }
    directories.set(id, directory);
  }
  return directories;
}

const KEYS = "keys";

function fileName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.+~-]+/g, "_").replace(/^\./, "_");
}

/** Local packages have names of their own: where they lay says nothing elsewhere. */
function localName({ name, version, architecture, path: file }: LockedPackage): string {
  return `${[name, version, architecture].map(fileName).join("_")}${path.posix.extname(file)}`;
}

interface RepositoryPackages extends Pick<VendorPlanInput, "misdescribed"> {
  readonly own: readonly LockedPackage[];
}

function describeRepository(
  repository: LockedRepository,
  directory: string,
  packages: RepositoryPackages,
  { chain, keyring }: VendorChain,
): VendorRepository {
  const { id, type, metadataSha256: lockedMetadataSha256 } = repository;
  const base = { id, directory, packageCount: packages.own.length, lockedMetadataSha256 };
  if (type === "local") return { ...base, metadata: [], complete: true };
  const faults = faultsOf(repository, packages, chain);
  return {
    ...base,
    ...(chain === undefined ? {} : { metadataSha256: chain.metadataSha256 }),
    ...(chain?.dateSeconds === undefined ? {} : { dateSeconds: chain.dateSeconds }),
    ...(chain?.signedBy === undefined ? {} : { signedBy: chain.signedBy }),
    ...(keyring === undefined
      ? {}
      : { keyring: `${KEYS}/${fileName(id)}.${keyring.form === "binary" ? "gpg" : "asc"}` }),
    metadata: (chain?.files ?? []).map((file) => `${directory}/${file.path}`),
    complete: faults.length === 0,
    ...(faults.length === 0 ? {} : { warning: faults.join("; ") }),
  };
}

const SHOWN_PACKAGES = 5;

function faultsOf(
  { metadataSha256, dateSeconds, verified }: LockedRepository,
  { own, misdescribed }: RepositoryPackages,
  chain: SignedChain | undefined,
): readonly string[] {
  if (chain === undefined) return ["no signed metadata was found"];
  const faults = [...(verified ? [] : ["nobody vouches for it: checks are off"]), ...chain.faults];
  if (chain.metadataSha256 !== metadataSha256) {
    const locked = dateSeconds === undefined ? "" : ` of ${dateText(dateSeconds)}`;
    const kept = chain.dateSeconds === undefined ? "" : ` of ${dateText(chain.dateSeconds)}`;
    faults.unshift(`the signed metadata${locked} that the lock was made from was not found, another${kept} is kept`);
  }
  const { index } = chain;
  if (index === undefined) return faults;
  const strangers = own.filter((locked) => misdescribed.has(locked) || !lists(index, locked));
  if (strangers.length === 0) return faults;
  const names = strangers.slice(0, SHOWN_PACKAGES).map(({ name, version }) => `${name} ${version}`);
  const more = strangers.length > SHOWN_PACKAGES ? ", …" : "";
  const count = `${strangers.length} of ${own.length} packages`;
  return [...faults, `the kept metadata does not vouch for ${count}: ${names.join(", ")}${more}`];
}

function lists(index: Pick<PackageIndex, "byName">, locked: LockedPackage): boolean {
  const { sizeBytes, path: file, baseUrl } = locked;
  return index.byName(locked.name).some((one) => {
    const base = one.baseUrl === undefined ? undefined : withoutCredentials(one.baseUrl);
    return hasListedDigest(one, locked) && one.sizeBytes === sizeBytes && one.path === file && base === baseUrl;
  });
}

/** The file of a package has its `sha256`, and its `longDigest` unless it is misdescribed. */
function hasListedDigest(listed: IndexedPackage, { sha256: digest, longDigest }: LockedPackage): boolean {
  return listed.longDigest === undefined ? listed.sha256 === digest : listed.longDigest === longDigest;
}

function dateText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function jsonText(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function unusable(state: string): ComposerError {
  return new ComposerError("LOCK_INVALID", `Cannot make a vendor directory of the lock: ${state}`, {
    hint: "Make the lock anew",
  });
}
