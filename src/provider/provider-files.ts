import path from "node:path";
import { parse } from "yaml";
import Type, { type Static, type TSchema } from "typebox";
import { Check } from "typebox/value";
import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";

/** One entry of `config.yml`: where the rest of a provider's data is, relative to its directory. */
const ProviderEntry = Type.Object({
  dist: Type.String(),
  arch: Type.String(),
  pkgType: Type.Enum(["deb", "rpm"]),
  chrootenvConfigFile: Type.String(),
  repositoryFile: Type.String(),
  releaseVersion: Type.String(),
});

const RepositoryEntry = Type.Object({
  name: Type.String(),
  suite: Type.String(),
  baseURL: Type.String(),
  components: Type.Array(Type.String()),
  keys: Type.Array(Type.Object({ file: Type.String(), fingerprints: Type.Array(Type.String()) })),
  priority: Type.Optional(Type.Integer()),
});
const RepositoryFile = Type.Object({ repositories: Type.Array(RepositoryEntry) });
const ToolRootFile = Type.Object({ packages: Type.Array(Type.String()) });

export type ProviderRepository = Static<typeof RepositoryEntry>;

/** The data of one provider for one architecture. */
export interface ProviderFiles {
  /** Absolute directory that key files are relative to. */
  readonly directory: string;
  readonly releaseVersion: string;
  readonly repositories: readonly ProviderRepository[];
  readonly toolPackages: readonly string[];
}

/**
 * Reads a provider's data files.
 *
 * @param directory `config/osv/{os}/{dist}`
 * @throws {PROVIDER_UNKNOWN} there are none for this architecture
 * @throws {CONFIG_INVALID} one of them is not what it should be
 */
export async function readProviderFiles(host: Host, directory: string, architecture: string): Promise<ProviderFiles> {
  const index = path.join(directory, "config.yml");
  if (!(await host.files.exists(index))) throw unknownProvider(directory, architecture);
  const entries = await readYaml(host, index, Type.Record(Type.String(), ProviderEntry));
  const entry = Object.hasOwn(entries, architecture) ? entries[architecture] : undefined;
  if (entry === undefined) throw unknownProvider(directory, architecture);
  const { repositories } = await readYaml(host, path.join(directory, entry.repositoryFile), RepositoryFile);
  const { packages } = await readYaml(host, path.join(directory, entry.chrootenvConfigFile), ToolRootFile);
  return { directory, releaseVersion: entry.releaseVersion, repositories, toolPackages: packages };
}

async function readYaml<T extends TSchema>(host: Host, file: string, schema: T): Promise<Static<T>> {
  const content: unknown = parse(await host.files.readText(file));
  if (Check(schema, content)) return content;
  throw new ComposerError("CONFIG_INVALID", `Cannot use "${file}": it is not what a provider's data file must be`);
}

function unknownProvider(directory: string, architecture: string): ComposerError {
  return new ComposerError(
    "PROVIDER_UNKNOWN",
    `Cannot build for ${path.basename(directory)} on ${architecture}: no provider data in "${directory}"`,
    {
      hint: "Choose another target.dist or target.arch",
    },
  );
}
