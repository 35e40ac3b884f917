import { compareCodeUnits } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import {
  pathsWithoutOwner,
  readFileOwners,
  type ReadRepositoryOptions,
  type ResolveRpmOptions,
  type RpmAnswer,
  withFileOwners,
} from "../ospackage/index.ts";

/**
 * Asks about packages until all owners of files are known that the answer depends on: file lists are large, and few
 * answers need them.
 *
 * @param ask without effects
 * @throws as `ask`, and as the readers of repositories
 */
export async function overFileLists<T>(
  host: Host,
  options: ResolveRpmOptions,
  ask: (options: ResolveRpmOptions) => RpmAnswer<T>,
  reading: ReadRepositoryOptions,
): Promise<T> {
  const wanted = new Set<string>();
  for (let known = options; ;) {
    const result = ask(known);
    if (result.kind === "answered") return result.answer;
    const before = wanted.size;
    for (const path of result.paths) wanted.add(path);
    if (wanted.size === before) throw new Error(`file lists don't answer about ${result.paths.join(", ")}`);
    known = await withOwners(host, options, wanted, reading);
  }
}

async function withOwners(
  host: Host,
  options: ResolveRpmOptions,
  wanted: ReadonlySet<string>,
  reading: ReadRepositoryOptions,
): Promise<ResolveRpmOptions> {
  const needed = pathsWithoutOwner(options.repositories.map(({ index }) => index));
  const paths = [...new Set([...needed, ...wanted])].sort(compareCodeUnits);
  const repositories = await Promise.all(
    options.repositories.map(async (repository) => {
      const { source, index } = repository;
      if (source.kind !== "rpm") return repository;
      return { ...repository, index: withFileOwners(index, await readFileOwners(host, source, paths, reading)) };
    }),
  );
  return { ...options, repositories };
}
