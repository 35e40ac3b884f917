import path from "node:path";
import type { PackageRepositorySection } from "../config/index.ts";
import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { type DebRepositorySource, hostMirrorFor, type RepositorySource, readHostMirrors } from "../ospackage/index.ts";
import type { BuildRequest } from "./provider.ts";
import type { ProviderFiles, ProviderRepository } from "./provider-files.ts";

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
  const fromProvider = await Promise.all(
    provider.repositories.map((repository) => providerSource(host, request, provider, repository)),
  );
  const { template, files } = request.template;
  const directory = path.dirname(files.at(-1) ?? "");
  const fromTemplate = (template.packageRepositories ?? []).map((repository, index) =>
    templateSource(repository, index, directory),
  );
  return [...fromProvider, ...fromTemplate];
}

async function providerSource(
  host: Host,
  request: BuildRequest,
  provider: ProviderFiles,
  repository: ProviderRepository,
): Promise<DebRepositorySource> {
  const mirror = mirrorOf(request, repository.name);
  const keys = repository.keys.map(({ file, fingerprints }) => ({
    file: path.resolve(provider.directory, file),
    fingerprints,
  }));
  return {
    kind: "deb",
    id: `${repository.name}/${repository.suite}`,
    canonicalUrl: repository.baseURL,
    url: mirror === undefined ? repository.baseURL : await mirrorUrl(host, mirror.url, repository),
    suite: mirror?.suite ?? repository.suite,
    components: repository.components,
    keys: mirror?.keys?.map((file) => ({ file, fingerprints: [] })) ?? keys,
    foreignKeys: mirror?.keys !== undefined,
    gpgCheck: true,
    priority: repository.priority ?? DEFAULT_PRIORITY,
  };
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

async function mirrorUrl(host: Host, url: string, { name, suite }: ProviderRepository): Promise<string> {
  if (url !== HOST_MIRROR) return url;
  const found = hostMirrorFor(await readHostMirrors(host), suite);
  if (found !== undefined) return found;
  throw new ComposerError(
    "REPOSITORY_NOT_FOUND",
    `Cannot use this host's mirror for "${name}": its apt sources name none`,
    {
      hint: `Give an address with --mirror ${name}=URL`,
    },
  );
}

/** A repository that the template adds; relative paths start at the template's directory. */
function templateSource(repository: PackageRepositorySection, index: number, directory: string): RepositorySource {
  const { codename, url, priority = DEFAULT_PRIORITY, allowPackages } = repository;
  const common = {
    id: `template/${index}-${codename}`,
    priority,
    ...(allowPackages === undefined ? {} : { allowPackages }),
  };
  if (url !== undefined) return { ...common, ...signedSource(repository, url, directory) };
  return {
    ...common,
    kind: "local",
    ...(repository.path === undefined ? {} : { directory: path.resolve(directory, repository.path) }),
    ...(repository.packages === undefined
      ? {}
      : { files: repository.packages.map((file) => path.resolve(directory, file)) }),
  };
}

/** Written in place of a key, it switches signature checks off. */
const TRUSTED = "[trusted=yes]";

function signedSource({ codename, component, pkey, pkeys }: PackageRepositorySection, url: string, directory: string) {
  const keyFiles = [...(pkey === undefined ? [] : [pkey]), ...(pkeys ?? [])];
  return {
    kind: "deb" as const,
    canonicalUrl: url,
    url,
    suite: codename,
    components: codename.endsWith("/") ? [] : (component ?? "main").split(/\s+/).filter(Boolean),
    keys: keyFiles
      .filter((file) => file !== TRUSTED)
      .map((file) => ({ file: path.resolve(directory, file.replace(/^file:\/\//, "")), fingerprints: [] })),
    foreignKeys: true,
    gpgCheck: !keyFiles.includes(TRUSTED),
  };
}
