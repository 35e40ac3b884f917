import path from "node:path";
import { type JsonSchema, IssuesError, Positions, checkSchema, readDocument } from "../config/index.ts";
import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";

/** One entry of `config.yml`: where the rest of a provider's data is, relative to its directory. */
interface ProviderEntry {
  readonly pkgType: "deb" | "rpm";
  readonly releaseVersion: string;
  readonly kernel: ProviderFiles["kernel"];
  readonly rpmDatabase?: string;
  readonly repositoryFile: string;
  readonly chrootenvConfigFile: string;
}

interface CommonRepository {
  /** What `--mirror NAME=URL` calls it. */
  readonly name: string;
  /** None: whoever builds names keys of their own, which `keyURL` says where to get. */
  readonly keys: readonly { readonly file: string; readonly fingerprints: readonly string[] }[];
  readonly keyURL?: string;
  readonly priority?: number;
}

/** One suite of a Debian-style archive. */
export interface ProviderSuite extends CommonRepository {
  readonly suite: string;
  readonly baseURL: string;
  /** Archive of all that was at `baseURL` once: `{snapshotURL}/{YYYYMMDDTHHMMSSZ}/{path}`. */
  readonly snapshotURL?: string;
  readonly components: readonly string[];
}

/** One directory of rpm packages. */
export interface ProviderRpmRepository extends CommonRepository {
  /** The same content at each, or below the mirrors of a list; asked in this order. The first one names the repository. */
  readonly baseURLs: readonly [string, ...string[]];
  /** Whether `repomd.xml` is signed; its packages always are. */
  readonly repoGpgCheck: boolean;
}

export type ProviderRepository = ProviderSuite | ProviderRpmRepository;

const text: JsonSchema = { type: "string" };
const texts: JsonSchema = { type: "array", items: text };
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });
const mapping = (required: Record<string, JsonSchema>, optional: Record<string, JsonSchema> = {}): JsonSchema => ({
  type: "object",
  properties: { ...required, ...optional },
  required: Object.keys(required),
});

const providerEntry = mapping(
  {
    dist: text,
    arch: text,
    pkgType: { enum: ["deb", "rpm"] },
    chrootenvConfigFile: text,
    repositoryFile: text,
    releaseVersion: text,
    kernel: mapping({ prefix: text, usual: text }),
  },
  { rpmDatabase: text },
);
const indexSchema: JsonSchema = { type: "object", patternProperties: { "": providerEntry } };
const keys = list(mapping({ file: text, fingerprints: texts }));
const suite = mapping(
  { name: text, suite: text, baseURL: text, components: texts, keys },
  { priority: { type: "integer" }, keyURL: text, snapshotURL: text },
);
const rpmRepository = mapping(
  { name: text, baseURLs: { ...texts, minItems: 1 }, repoGpgCheck: { type: "boolean" }, keys },
  { priority: { type: "integer" }, keyURL: text },
);
const repositoriesSchemas = {
  deb: mapping({ repositories: list(suite) }),
  rpm: mapping({ repositories: list(rpmRepository) }),
};
const toolRootSchema = mapping({ packages: texts });

/** The data of one provider for one architecture. */
export interface ProviderFiles {
  /** Absolute directory that key files are relative to. */
  readonly directory: string;
  readonly packageFormat: "deb" | "rpm";
  readonly releaseVersion: string;
  /** What the names of kernel packages begin with, and the one to suggest. */
  readonly kernel: { readonly prefix: string; readonly usual: string };
  /** Where the system's own rpm looks for its database; empty for others. */
  readonly rpmDatabase: string;
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
  const { repositories } = await read<{ repositories: ProviderRepository[] }>(
    host,
    repositoryFile,
    repositoriesSchemas[entry.pkgType],
  );
  const toolRootFile = path.join(directory, entry.chrootenvConfigFile);
  const { packages } = await read<{ packages: string[] }>(host, toolRootFile, toolRootSchema);
  const { pkgType: packageFormat, releaseVersion, kernel, rpmDatabase = "" } = entry;
  return { directory, packageFormat, releaseVersion, kernel, rpmDatabase, repositories, toolPackages: packages };
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
