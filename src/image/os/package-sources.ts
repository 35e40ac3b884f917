import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  type DebRepositorySource,
  type HostMirror,
  parseDeb822Sources,
  parseOneLineSources,
  type RepositorySource,
} from "../../ospackage/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

const APT = "/etc/apt";

/** Keyrings that distributions install, for what they sign themselves. */
const DISTRIBUTION_KEYRINGS: Readonly<Record<string, readonly string[]>> = {
  debian: ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"],
  "wind-river-elxr": ["/usr/share/keyrings/elxr-archive-keyring.gpg"],
  ubuntu: ["/usr/share/keyrings/ubuntu-archive-keyring.gpg"],
};

/**
 * The files that tell the image's own apt where packages come from: the canonical addresses, never a mirror's.
 *
 * Local directories and `file:` addresses don't exist where the image runs and are left out, and so is what a file of
 * the tree names already.
 *
 * @param distribution names the file of the distribution's own repositories, for example `debian`
 * @see sources.list(5), "deb822-style format"
 */
export async function planPackageSources(
  host: Pick<Host, "files">,
  tree: ImageTree,
  repositories: readonly RepositorySource[],
  distribution: string,
): Promise<TreeChange[]> {
  if (!(await tree.exists(APT))) return [];
  const keyring = await installedKeyring(tree, distribution);
  const changes: TreeChange[] = [];
  const stanzas = new Map<string, Stanza[]>();
  const named = await namedSources(tree);
  for (const repository of repositories) {
    if (repository.kind !== "deb" || !/^https?:/.test(repository.canonicalUrl)) continue;
    checkWords(repository);
    const own = isDistribution(repository);
    const canonicalUrl = repository.canonicalUrl.replace(/\/+$/, "");
    if (own && named.some(({ url, suites }) => url === canonicalUrl && suites.includes(suiteOf(repository)))) {
      continue;
    }
    const signedBy: string[] = [];
    if (own && keyring !== undefined) {
      signedBy.push(keyring);
    } else if (repository.gpgCheck && !isOverridden(repository)) {
      for (const [index, key] of repository.keys.entries()) {
        const content = await host.files.readBytes(key.file);
        const path = `/etc/apt/keyrings/${fileName(repository.id)}-${index + 1}.${isArmored(content) ? "asc" : "gpg"}`;
        signedBy.push(path);
        changes.push({ kind: "write", path, content, mode: 0o644, uid: 0, gid: 0 });
      }
    }
    const file = own ? distribution : fileName(repository.id);
    addSuite(stanzas, `/etc/apt/sources.list.d/${file}.sources`, repository, signedBy);
  }
  for (const [path, list] of stanzas) changes.push(rootFile(path, list.map(formatStanza).join("\n")));
  return changes;
}

interface Stanza {
  readonly url: string;
  readonly suites: string[];
  readonly components: string;
  readonly signedBy: string;
  readonly trusted: boolean;
}

/** Suites that differ in nothing else share a stanza. */
function addSuite(
  stanzas: Map<string, Stanza[]>,
  file: string,
  repository: DebRepositorySource,
  signedBy: readonly string[],
): void {
  const stanza: Stanza = {
    url: repository.canonicalUrl,
    suites: [suiteOf(repository)],
    components: repository.components.join(" "),
    signedBy: signedBy.join(", "),
    trusted: !repository.gpgCheck,
  };
  const list = stanzas.get(file) ?? [];
  stanzas.set(file, list);
  const same = list.find(
    ({ url, components, signedBy: keys, trusted }) =>
      url === stanza.url && components === stanza.components && keys === stanza.signedBy && trusted === stanza.trusted,
  );
  if (same === undefined) list.push(stanza);
  else if (!same.suites.includes(suiteOf(repository))) same.suites.push(suiteOf(repository));
}

function formatStanza({ url, suites, components, signedBy, trusted }: Stanza): string {
  return [
    "Types: deb",
    `URIs: ${url}`,
    `Suites: ${suites.join(" ")}`,
    ...(components === "" ? [] : [`Components: ${components}`]),
    ...(signedBy === "" ? [] : [`Signed-By: ${signedBy}`]),
    ...(trusted ? ["Trusted: yes"] : []),
    "",
  ].join("\n");
}

/** An address that was overridden has the mirror's keys: they say nothing about the canonical one. */
function isOverridden({ url, canonicalUrl, foreignKeys }: DebRepositorySource): boolean {
  return foreignKeys && url !== canonicalUrl;
}

function isDistribution(repository: DebRepositorySource): boolean {
  return !repository.foreignKeys || isOverridden(repository);
}

function suiteOf({ suite, canonicalSuite = suite }: DebRepositorySource): string {
  return canonicalSuite;
}

/** What files of the tree say already; the template's own are among them. */
async function namedSources(tree: ImageTree): Promise<readonly HostMirror[]> {
  const directory = `${APT}/sources.list.d`;
  const parts = (await tree.list(directory)).map((name) => `${directory}/${name}`);
  const files = [`${APT}/sources.list`, ...parts.filter((file) => /\.(list|sources)$/.test(file))];
  const read = files.map(async (file) => {
    const text = (await tree.readText(file)) ?? "";
    return file.endsWith(".sources") ? parseDeb822Sources(text) : parseOneLineSources(text);
  });
  return (await Promise.all(read)).flat();
}

async function installedKeyring(tree: ImageTree, distribution: string): Promise<string | undefined> {
  for (const keyring of DISTRIBUTION_KEYRINGS[distribution] ?? []) if (await tree.exists(keyring)) return keyring;
  return undefined;
}

function isArmored(content: Uint8Array): boolean {
  return Buffer.from(content.subarray(0, 64)).toString("latin1").startsWith("-----BEGIN");
}

function fileName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_.-]/g, "-");
}

function checkWords(repository: DebRepositorySource): void {
  const { id, canonicalUrl, components } = repository;
  const wrong = [canonicalUrl, suiteOf(repository), ...components].find((word) => !/^[\x21-\x7e]+$/.test(word));
  if (wrong === undefined) return;
  const message = `Cannot write the package source "${id}" into the image: ${JSON.stringify(wrong)} is no word`;
  throw new ComposerError("IMAGE_PLAN_INVALID", message);
}
