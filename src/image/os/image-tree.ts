import { ComposerError } from "../../core/index.ts";
import type { FileStat, Host } from "../../host/index.ts";

/**
 * Read access to a root tree as the system in it would have it: symbolic links are followed with the root of the
 * tree as `/`, and never out of it.
 *
 * Paths are absolute, inside the tree.
 */
export interface ImageTree {
  /** Absolute host path of the tree. */
  readonly root: string;
  /**
   * The host path of an entry, its parents resolved; a link at the end is not followed.
   *
   * Undefined when a parent is missing or is no directory.
   */
  locate(path: string): Promise<string | undefined>;
  /** The host path of what is there after following links; undefined when there is nothing. */
  resolve(path: string): Promise<string | undefined>;
  /** What is there; a link at the end is not followed. */
  stat(path: string): Promise<FileStat | undefined>;
  /** What is there after following links. */
  target(path: string): Promise<FileStat | undefined>;
  exists(path: string): Promise<boolean>;
  /** Undefined when there is no such file. */
  readText(path: string): Promise<string | undefined>;
  /** The names in a directory in code unit order; empty when there is none. */
  list(path: string): Promise<readonly string[]>;
  readLink(path: string): Promise<string | undefined>;
}

/** As many links as the kernel follows in one path. @see path_resolution(7) */
const MAX_LINKS = 40;

/** @param root absolute host path of an existing directory */
export function openImageTree(host: Pick<Host, "files">, root: string): ImageTree {
  const { files } = host;

  /** Path inside the tree, free of links, without a slash at the end; `root` itself is the empty text. */
  async function walk(path: string, followLast: boolean): Promise<string | undefined> {
    const pending = components(path);
    let current = "";
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === "..") {
        // As in the finished system, where the parent of / is /.
        current = current.slice(0, Math.max(0, current.lastIndexOf("/")));
        continue;
      }
      const next = `${current}/${name}`;
      if (pending.length === 0 && !followLast) return next;
      const stat = await files.stat(root + next);
      if (stat === undefined) return pending.length === 0 ? next : undefined;
      if (stat.kind === "symlink") {
        links += 1;
        if (links > MAX_LINKS) throw endlessLinks(path);
        const target = await files.readLink(root + next);
        if (target.startsWith("/")) current = "";
        pending.unshift(...components(target));
      } else if (stat.kind === "directory" || pending.length === 0) {
        current = next;
      } else {
        return undefined;
      }
    }
    return current;
  }

  async function follow(path: string): Promise<{ place: string; stat: FileStat } | undefined> {
    const found = await walk(path, true);
    if (found === undefined) return undefined;
    const stat = await files.stat(root + found);
    return stat === undefined ? undefined : { place: root + found, stat };
  }

  const locate = async (path: string): Promise<string | undefined> => {
    const parts = components(path);
    const name = parts.pop();
    if (name === undefined || name === "..") return undefined;
    const parent = await walk(`/${parts.join("/")}`, true);
    if (parent === undefined) return undefined;
    const stat = await files.stat(root + parent);
    return stat?.kind === "directory" ? `${root}${parent}/${name}` : undefined;
  };

  return {
    root,
    locate,
    resolve: async (path) => (await follow(path))?.place,
    async stat(path) {
      const place = await locate(path);
      return place === undefined ? undefined : files.stat(place);
    },
    target: async (path) => (await follow(path))?.stat,
    exists: async (path) => (await follow(path)) !== undefined,
    async readText(path) {
      const found = await follow(path);
      return found?.stat.kind === "file" ? files.readText(found.place) : undefined;
    },
    async list(path) {
      const found = await follow(path);
      return found?.stat.kind === "directory" ? files.list(found.place) : [];
    },
    async readLink(path) {
      const place = await locate(path);
      if (place === undefined || (await files.stat(place))?.kind !== "symlink") return undefined;
      return files.readLink(place);
    },
  };
}

function components(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function endlessLinks(path: string): ComposerError {
  return new ComposerError("IMAGE_PLAN_INVALID", `Cannot find "${path}" in the image: the links in it have no end`);
}
