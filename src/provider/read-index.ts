import type { Host } from "../host/index.ts";
import {
  readDebRepository,
  readLocalRepository,
  type RepositoryIndex,
  type RepositorySource,
} from "../ospackage/index.ts";
import type { BuildRequest } from "./provider.ts";

export interface ReadIndexOptions {
  readonly request: Pick<BuildRequest, "offline" | "emit" | "signal">;
  /** In the distribution's words, for example `amd64`. */
  readonly architecture: string;
  /** The metadata of repositories is kept below it. */
  readonly cacheDir: string;
}

/** The packages that a repository offers, fetched and verified. @throws as the readers of repositories */
export function readIndex(
  host: Host,
  source: RepositorySource,
  { request, architecture, cacheDir }: ReadIndexOptions,
): Promise<RepositoryIndex> {
  const { offline, emit, signal } = request;
  const abort = signal === undefined ? {} : { signal };
  if (source.kind === "rpm") throw new Error(`${source.id} is no Debian repository`);
  if (source.kind === "local") return readLocalRepository(host, source, { architecture, ...abort });
  return readDebRepository(host, source, { architecture, cacheDir, offline, emit, ...abort });
}
