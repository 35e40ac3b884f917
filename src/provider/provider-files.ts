import path from "node:path";
import { type JsonSchema, IssuesError, Positions, checkSchema, readDocument } from "../config/index.ts";
import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";

/** One entry of `config.yml`: where the rest of a provider's data is, relative to its directory. */
interface ProviderEntry {
  readonly releaseVersion: string;
  readonly repositoryFile: string;
  readonly chrootenvConfigFile: string;
}

export interface ProviderRepository {
  readonly name: string;
  readonly suite: string;
  readonly baseURL: string;
  /** Archive of all that was at `baseURL` once: `{snapshotURL}/{YYYYMMDDTHHMMSSZ}/{path}`. */
  readonly snapshotURL?: string;
  readonly components: readonly string[];
  readonly keys: readonly { readonly file: string; readonly fingerprints: readonly string[] }[];
  readonly priority?: number;
}

const text: JsonSchema = { type: "string" };
const texts: JsonSchema = { type: "array", items: text };
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });
const mapping = (required: Record<string, JsonSchema>, optional: Record<string, JsonSchema> = {}): JsonSchema => ({
  type: "object",
  properties: { ...required, ...optional },
  required: Object.keys(required),
});

const providerEntry = mapping({
  dist: text,
  arch: text,
  pkgType: { enum: ["deb", "rpm"] },
  chrootenvConfigFile: text,
  repositoryFile: text,
  releaseVersion: text,
});
const indexSchema: JsonSchema = { type: "object", patternProperties: { "": providerEntry } };
const repository = mapping(
  {
    name: text,
    suite: text,
    baseURL: text,
    components: texts,
    keys: list(mapping({ file: text, fingerprints: texts })),
  },
  { priority: { type: "integer" }, snapshotURL: text },
);
const repositoriesSchema = mapping({ repositories: list(repository) });
const toolRootSchema = mapping({ packages: texts });

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
  const entries = await read<Record<string, ProviderEntry>>(host, index, indexSchema);
  const entry = Object.hasOwn(entries, architecture) ? entries[architecture] : undefined;
  if (entry === undefined) throw unknownProvider(directory, architecture);
  const repositoryFile = path.join(directory, entry.repositoryFile);
  const { repositories } = await read<{ repositories: ProviderRepository[] }>(host, repositoryFile, repositoriesSchema);
  const toolRootFile = path.join(directory, entry.chrootenvConfigFile);
  const { packages } = await read<{ packages: string[] }>(host, toolRootFile, toolRootSchema);
  return { directory, releaseVersion: entry.releaseVersion, repositories, toolPackages: packages };
}

/** @typeParam T what `schema` describes */
async function read<T>(host: Host, file: string, schema: JsonSchema): Promise<T> {
  const positions = new Positions();
  const document = await readDocument(host.files, file, file, "CONFIG_INVALID", positions);
  const issues = document.isReadable
    ? [...document.issues, ...checkSchema(document.value, schema, "CONFIG_INVALID", positions)]
    : document.issues;
  if (issues.length > 0) throw new IssuesError(`provider data "${file}"`, issues, new Map([[file, document.text]]));
  return document.value as T;
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
