import { ComposerError, isMirrorList, mirrorListUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { RepositorySource, RpmRepositorySource } from "../../ospackage/index.ts";
import type { ImageTree } from "./image-tree.ts";
import { rootFile, type TreeChange } from "./tree-change.ts";

const DIRECTORY = "/etc/yum.repos.d";
const KEYS = "/etc/pki/rpm-gpg";
/** Programs that read the directory. */
const READERS = ["tdnf", "dnf", "dnf-3", "dnf5", "microdnf", "yum"];

/**
 * The files that tell the image's own tdnf or dnf where packages come from: the canonical addresses, never a mirror's.
 *
 * Those of the distribution are left alone when one of its packages brings files of its own. Local directories and
 * `file:` addresses don't exist where the image runs and are left out.
 *
 * @param distribution names the file of the distribution's own repositories, for example `azure-linux`
 * @see dnf.conf(5), "REPO OPTIONS"
 */
export async function planYumSources(
  host: Pick<Host, "files">,
  tree: ImageTree,
  repositories: readonly RepositorySource[],
  distribution: string,
): Promise<TreeChange[]> {
  const present = await Promise.all(READERS.map((name) => tree.exists(`/usr/bin/${name}`)));
  if (!present.includes(true)) return [];
  const hasOwnFiles = (await tree.list(DIRECTORY)).some((name) => name.endsWith(".repo"));
  const changes: TreeChange[] = [];
  const sections = new Map<string, string[]>();
  for (const repository of repositories) {
    if (repository.kind !== "rpm" || !/^(mirror\+)?https?:/.test(repository.canonicalUrl)) continue;
    // An address that was overridden has the mirror's keys: they say nothing about the canonical one.
    const isMirrored = repository.foreignKeys && !repository.urls.includes(repository.canonicalUrl);
    const isOwn = !repository.foreignKeys || isMirrored;
    if (isOwn && (hasOwnFiles || isMirrored)) continue;
    const keys = repository.gpgCheck ? await keyFiles(host, repository) : [];
    changes.push(...keys);
    const file = isOwn ? distribution : fileName(repository.id);
    const paths = keys.map((key) => key.path);
    sections.set(file, [...(sections.get(file) ?? []), formatSection(repository, paths)]);
  }
  for (const [file, list] of sections) changes.push(rootFile(`${DIRECTORY}/${file}.repo`, list.join("\n")));
  return changes;
}

async function keyFiles(host: Pick<Host, "files">, { id, keys }: RpmRepositorySource) {
  return Promise.all(
    keys.map(async ({ file }, index) => {
      const content = await host.files.readBytes(file);
      const path = `${KEYS}/${fileName(id)}-${index + 1}`;
      return { kind: "write", path, content, mode: 0o644, uid: 0, gid: 0 } as const;
    }),
  );
}

function formatSection(
  { id, canonicalUrl, gpgCheck, repoGpgCheck, priority }: RpmRepositorySource,
  keys: readonly string[],
): string {
  if (!/^[\x21-\x7e]+$/.test(canonicalUrl)) {
    const message = `Cannot write the package source "${id}" into the image: ${JSON.stringify(canonicalUrl)} is no word`;
    throw new ComposerError("IMAGE_PLAN_INVALID", message);
  }
  return [
    `[${fileName(id)}]`,
    `name=${fileName(id)}`,
    // dnf sees by itself when the list is a metalink.
    isMirrorList(canonicalUrl) ? `mirrorlist=${mirrorListUrl(canonicalUrl)}` : `baseurl=${canonicalUrl}`,
    "enabled=1",
    `gpgcheck=${gpgCheck ? 1 : 0}`,
    `repo_gpgcheck=${repoGpgCheck ? 1 : 0}`,
    ...(keys.length === 0 ? [] : [`gpgkey=${keys.map((path) => `file://${path}`).join(" ")}`]),
    ...(priority === DEFAULT_PRIORITY ? [] : [`priority=${yumPriority(priority)}`]),
    "",
  ].join("\n");
}

const DEFAULT_PRIORITY = 500;

/** There the lowest of 1 to 99 wins, and 99 is what a repository has that says nothing. */
function yumPriority(priority: number): number {
  return Math.min(99, Math.max(1, 99 - Math.round((priority - DEFAULT_PRIORITY) / 10)));
}

function fileName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_.-]/g, "-");
}
