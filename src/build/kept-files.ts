import path from "node:path";
import type { Settings } from "../config/index.ts";
import { compareCodeUnits } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import {
  CHROOT_BUILD,
  FRESH,
  IMAGE_BUILD,
  IMAGE_CACHE,
  METADATA_CACHE,
  PACKAGE_CACHE,
  RECORDS,
  TREES,
} from "./build-paths.ts";
import { isUnfinished } from "./remove-unfinished.ts";

export const KEPT_KINDS = ["packages", "metadata", "images", "workspace"] as const;
export type KeptKind = (typeof KEPT_KINDS)[number];

/** Something that builds keep. */
export interface KeptFiles {
  readonly kind: KeptKind;
  /** `os-dist-arch`; absent for what providers share. */
  readonly providerId?: string;
  /** What may be removed: files, or directories with all that is below them. */
  readonly paths: readonly string[];
}

type FilesHost = Pick<Host, "files">;
type Places = Pick<Settings, "cacheDir" | "workDir">;

/**
 * Lists what builds keep in the cache and the work directory; finished images in the work directory are not among it.
 */
export async function listKeptFiles(host: FilesHost, settings: Places): Promise<KeptFiles[]> {
  const found = [
    ...(await perProvider(host, settings.cacheDir, PACKAGE_CACHE, "packages")),
    ...(await metadata(host, settings.cacheDir)),
    ...(await perProvider(host, settings.cacheDir, IMAGE_CACHE, "images")),
    ...(await workspace(host, settings.workDir)),
  ];
  return found.filter(({ paths }) => paths.length > 0);
}

/** Whether trees are there that belong to users of a build's namespace. */
export async function hasKeptTrees({ files }: FilesHost, kept: readonly KeptFiles[]): Promise<boolean> {
  const trees = kept.flatMap(({ paths }) => paths).filter((file) => [TREES, FRESH].includes(path.basename(file)));
  for (const tree of trees) if ((await files.list(tree)).length > 0) return true;
  return false;
}

async function perProvider(
  host: FilesHost,
  cacheDir: string,
  room: typeof PACKAGE_CACHE | typeof IMAGE_CACHE,
  kind: KeptKind,
): Promise<KeptFiles[]> {
  const directory = path.join(cacheDir, room);
  return (await directoriesIn(host, directory)).map((providerId) => ({
    kind,
    providerId,
    paths: [path.join(directory, providerId)],
  }));
}

/** The newest date that was seen of each repository guards against being shown an old one: it stays. */
const REPLAY_GUARD = "newest-date";

/** Takes the newest dates of repositories from one cache to another. */
export async function copyReplayGuards(host: FilesHost, from: string, to: string): Promise<void> {
  for (const repository of await directoriesIn(host, path.join(from, METADATA_CACHE))) {
    const guard = path.join(from, METADATA_CACHE, repository, REPLAY_GUARD);
    if (!(await host.files.exists(guard))) continue;
    const directory = path.join(to, METADATA_CACHE, repository);
    await host.files.makeDirectory(directory);
    await host.files.copy(guard, path.join(directory, REPLAY_GUARD));
  }
}

async function metadata(host: FilesHost, cacheDir: string): Promise<KeptFiles[]> {
  const directory = path.join(cacheDir, METADATA_CACHE);
  const paths: string[] = [];
  for (const repository of await directoriesIn(host, directory)) {
    for (const name of await host.files.list(path.join(directory, repository))) {
      if (name !== REPLAY_GUARD) paths.push(path.join(directory, repository, name));
    }
  }
  return [{ kind: "metadata", paths }];
}

async function workspace(host: FilesHost, workDir: string): Promise<KeptFiles[]> {
  const found: KeptFiles[] = [];
  for (const providerId of await directoriesIn(host, workDir)) {
    const rooms = await directoriesIn(host, path.join(workDir, providerId));
    const paths = rooms.includes(CHROOT_BUILD) ? [path.join(workDir, providerId, CHROOT_BUILD)] : [];
    const images = path.join(workDir, providerId, IMAGE_BUILD);
    for (const target of rooms.includes(IMAGE_BUILD) ? await directoriesIn(host, images) : []) {
      const names = await host.files.list(path.join(images, target));
      const own = names.filter((name) => [TREES, RECORDS, FRESH].includes(name) || isUnfinished(name));
      paths.push(...own.map((name) => path.join(images, target, name)));
    }
    found.push({ kind: "workspace", providerId, paths });
  }
  return found;
}

async function directoriesIn({ files }: FilesHost, directory: string): Promise<string[]> {
  const names: string[] = [];
  if ((await files.stat(directory))?.kind !== "directory") return names;
  for (const name of await files.list(directory)) {
    if ((await files.stat(path.join(directory, name)))?.kind === "directory") names.push(name);
  }
  return names.sort(compareCodeUnits);
}
