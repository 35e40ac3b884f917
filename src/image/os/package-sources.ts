import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { DebRepositorySource, RepositorySource } from "../../ospackage/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { type TreeChange, rootFile } from "./tree-change.ts";

/** Keyrings that distributions install, for what they sign themselves. */
const DISTRIBUTION_KEYRINGS = [
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/elxr-archive-keyring.gpg",
  "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
] as const;

/**
 * The files that tell the image's own apt where packages come from: the canonical addresses, never a mirror's.
 *
 * Local directories and `file:` addresses don't exist where the image runs and are left out.
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
  if (!(await tree.exists("/etc/apt"))) return [];
  const keyring = await installedKeyring(tree);
  const changes: TreeChange[] = [];
  const stanzas = new Map<string, Stanza[]>();
  for (const repository of repositories) {
    if (repository.kind !== "deb" || !/^https?:/.test(repository.canonicalUrl)) continue;
    checkWords(repository);
    const own = isDistribution(repository);
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
    suites: [repository.suite],
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
  else if (!same.suites.includes(repository.suite)) same.suites.push(repository.suite);
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

async function installedKeyring(tree: ImageTree): Promise<string | undefined> {
  for (const keyring of DISTRIBUTION_KEYRINGS) if (await tree.exists(keyring)) return keyring;
  return undefined;
}

function isArmored(content: Uint8Array): boolean {
  return Buffer.from(content.subarray(0, 64)).toString("latin1").startsWith("-----BEGIN");
}

function fileName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_.-]/g, "-");
}

function checkWords({ id, canonicalUrl, suite, components }: DebRepositorySource): void {
  const wrong = [canonicalUrl, suite, ...components].find((word) => !/^[\x21-\x7e]+$/.test(word));
  if (wrong === undefined) return;
  const message = `Cannot write the package source "${id}" into the image: ${JSON.stringify(wrong)} is no word`;
  throw new ComposerError("IMAGE_PLAN_INVALID", message);
}
