import path from "node:path";
import { fileURLToPath } from "node:url";
import { type MergedTemplate, type MirrorSetting, TRUSTED } from "../config/index.ts";
import { ComposerError, isMirrorList, nearestOf } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import {
  fetchKeyFile,
  hostMirrorFor,
  type RepositorySource,
  readHostMirrors,
  type TrustedKeyFile,
} from "../ospackage/index.ts";
import type { BuildRequest } from "./provider.ts";
import type { ProviderFiles, ProviderRepository, ProviderRpmRepository, ProviderSuite } from "./provider-files.ts";

/** apt's priority of a repository that nobody gave one. */
const DEFAULT_PRIORITY = 500;

/** The address that means "the mirror that this host's own package sources name". */
const HOST_MIRROR = "host";

/** The repositories of a build: the provider's, from mirrors where told so, then those of the template. */
export async function repositorySources(
  host: Host,
  request: BuildRequest,
  provider: ProviderFiles,
): Promise<readonly RepositorySource[]> {
  const { useDefaultRepositories = true, packageRepositories = [] } = request.template.template;
  const own = useDefaultRepositories ? provider.repositories : [];
  refuseUnknownMirrors(request, provider);
  return Promise.all([
    ...own.map((repository) => providerSource(host, request, provider, repository)),
    ...packageRepositories.map((_, index) => templateSource(host, request, provider, index)),
  ]);
}

/** The archives of the provider's repositories, by the name that locks give those. */
export function snapshotUrls({ repositories }: ProviderFiles): ReadonlyMap<string, string> {
  return new Map(
    repositories.flatMap((repository) =>
      "suite" in repository && repository.snapshotURL !== undefined
        ? [[sourceId(repository), repository.snapshotURL] as const]
        : [],
    ),
  );
}

function sourceId(repository: ProviderRepository): string {
  return "suite" in repository ? `${repository.name}/${repository.suite}` : repository.name;
}

async function providerSource(
  host: Host,
  request: BuildRequest,
  provider: ProviderFiles,
  repository: ProviderRepository,
): Promise<RepositorySource> {
  const mirror = mirrorOf(request, repository.name);
  const keys = repository.keys.map(({ file, fingerprints }) => ({
    file: path.resolve(provider.directory, file),
    fingerprints,
  }));
  // A locked build reads no metadata: nobody has to vouch for them.
  if (request.locked === undefined && keys.length === 0 && mirror?.keys === undefined) throw withoutKeys(repository);
  const common = {
    id: sourceId(repository),
    keys: mirror?.keys?.map((file) => ({ file, fingerprints: [] })) ?? keys,
    foreignKeys: mirror?.keys !== undefined,
    gpgCheck: true,
    priority: repository.priority ?? DEFAULT_PRIORITY,
  };
  return "suite" in repository
    ? { ...common, ...(await suiteAt(host, repository, mirror)) }
    : { ...common, ...rpmRepositoryAt(repository, mirror) };
}

async function suiteAt(host: Host, repository: ProviderSuite, mirror: MirrorSetting | undefined) {
  return {
    kind: "deb",
    canonicalUrl: repository.baseURL,
    url: mirror === undefined ? repository.baseURL : await mirrorUrl(host, mirror.url, repository),
    suite: mirror?.suite ?? repository.suite,
    ...(mirror?.suite === undefined ? {} : { canonicalSuite: repository.suite }),
    components: repository.components,
  } as const;
}

function rpmRepositoryAt({ name, baseURLs, repoGpgCheck }: ProviderRpmRepository, mirror: MirrorSetting | undefined) {
  if (mirror?.url === HOST_MIRROR) throw noHostMirror(name);
  return {
    kind: "rpm",
    canonicalUrl: baseURLs[0],
    urls: mirror === undefined ? baseURLs : ([mirror.url] as const),
    repoGpgCheck,
  } as const;
}

function withoutKeys(repository: ProviderRepository): ComposerError {
  const { name, keyURL } = repository;
  const url = "suite" in repository ? repository.baseURL : repository.baseURLs[0];
  const fetch = keyURL === undefined ? `Get the key of ${url}` : `Fetch ${keyURL}`;
  const message = `Cannot trust the repository "${sourceId(repository)}": its key does not come with this program`;
  return new ComposerError("REPOSITORY_KEY_MISSING", message, {
    hint: `${fetch}, compare its fingerprint with one from a source that you trust, and name the file in the configuration file`,
    details: ["mirrors:", `  ${name}:`, `    url: ${url}`, "    keys: [FILE]"],
  });
}

/** A misspelt name would let the build read from elsewhere unnoticed. */
function refuseUnknownMirrors({ settings, template }: BuildRequest, { repositories }: ProviderFiles): void {
  const { os } = template.template.target;
  const known = [...new Set([os, ...repositories.map(({ name }) => name)])];
  for (const [name, { isRequired = false }] of Object.entries(settings.mirrors)) {
    if (!isRequired || known.includes(name)) continue;
    const near = nearestOf(name, known);
    throw new ComposerError("USAGE", `Cannot use the mirror for "${name}": ${os} has no repository of that name`, {
      hint: near === undefined ? `It has ${known.join(", ")}` : `Did you mean "${near}"?`,
    });
  }
}

/**
 * The override for a repository of the provider: its own, or `host` for all repositories of the operating system
 * (`debian=host` also covers `debian-security`).
 */
function mirrorOf({ settings, template }: BuildRequest, name: string) {
  const own = settings.mirrors[name];
  if (own !== undefined) return own;
  const ofSystem = settings.mirrors[template.template.target.os];
  return ofSystem?.url === HOST_MIRROR ? ofSystem : undefined;
}

async function mirrorUrl(host: Host, url: string, { name, suite }: ProviderSuite): Promise<string> {
  if (isMirrorList(url)) {
    const message = `Cannot use the mirror list for "${name}": mirror lists are for rpm repositories`;
    throw new ComposerError("USAGE", message, { hint: "Name one mirror" });
  }
  if (url !== HOST_MIRROR) return url;
  const found = hostMirrorFor(await readHostMirrors(host), suite);
  if (found !== undefined) return found;
  throw noHostMirror(name);
}

function noHostMirror(name: string): ComposerError {
  const message = `Cannot use this host's mirror for "${name}": its apt sources name none`;
  return new ComposerError("REPOSITORY_NOT_FOUND", message, { hint: `Give an address with --mirror ${name}=URL` });
}

/** A repository that the template adds; relative paths start beside the file that names them. */
async function templateSource(
  host: Host,
  request: BuildRequest,
  { packageFormat }: ProviderFiles,
  index: number,
): Promise<RepositorySource> {
  const { template, localFile } = request.template;
  const repository = template.packageRepositories?.[index];
  if (repository === undefined) throw new Error(`there is no repository ${index}`);
  const { codename, url, path, packages, component, priority = DEFAULT_PRIORITY, allowPackages } = repository;
  const at = `packageRepositories[${index}]`;
  const common = {
    id: `template/${index}-${codename}`,
    priority,
    ...(allowPackages === undefined ? {} : { allowPackages }),
  };
  if (url === undefined) {
    return {
      ...common,
      kind: "local",
      ...(path === undefined ? {} : { directory: localFile(`${at}.path`) }),
      ...(packages === undefined ? {} : { files: packages.map((_, item) => localFile(`${at}.packages[${item}]`)) }),
    };
  }
  const signed = {
    ...common,
    canonicalUrl: url,
    keys: await Promise.all(keyPlaces(request.template, index).map((place) => keyFile(host, request, place))),
    foreignKeys: true,
    gpgCheck: repository.pkey !== TRUSTED,
  };
  // A template names keys for packages; nothing says whether somebody signs the metadata as well.
  if (packageFormat === "rpm") return { ...signed, kind: "rpm", urls: [url], repoGpgCheck: false };
  const components = codename.endsWith("/") ? [] : (component ?? "main").split(/\s+/).filter(Boolean);
  return { ...signed, kind: "deb", url, suite: codename, components };
}

interface KeyPlace {
  /** A path or an address. */
  readonly key: string;
  readonly at: string;
}

function keyPlaces({ template }: MergedTemplate, index: number): readonly KeyPlace[] {
  const { pkey, pkeys = [] } = template.packageRepositories?.[index] ?? {};
  const at = `packageRepositories[${index}]`;
  const keys = pkeys.map((key, item) => ({ key, at: `${at}.pkeys[${item}]` }));
  return pkey === undefined || pkey === TRUSTED ? keys : [{ key: pkey, at: `${at}.pkey` }, ...keys];
}

async function keyFile(host: Host, request: BuildRequest, { key, at }: KeyPlace): Promise<TrustedKeyFile> {
  if (/^https?:/.test(key)) {
    const { offline, emit, signal, settings } = request;
    const options = { cacheDir: settings.cacheDir, offline, emit, ...(signal === undefined ? {} : { signal }) };
    return { file: await fetchKeyFile(host, key, options), fingerprints: [] };
  }
  const file = key.startsWith("file://") ? fileURLToPath(key) : request.template.localFile(at);
  return { file, fingerprints: [] };
}
