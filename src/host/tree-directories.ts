import * as fs from "node:fs";
import { ComposerError } from "../core/index.ts";
import { writeError } from "./files.ts";

/** Owner, permission bits (with set-user-ID and sticky) and time of an entry. */
export interface TreeAttributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
}

/** A directory that was written to, and what it shall look like in the end. */
export interface TouchedDirectory {
  /** Absolute path. */
  readonly place: string;
  readonly mtimeSeconds: number;
  /** Absent for a directory that no entry describes. */
  readonly attributes?: TreeAttributes;
}

/** Finds the directories of a tree as the finished system would, with the root of the tree as `/`. */
export interface TreeDirectories {
  /** The absolute path of an entry, its parents resolved; parents that are missing are made. */
  placeOf(entry: string, mtimeSeconds: number): string;
  /** The same for an entry that must be there already; undefined when a parent is missing. */
  existing(entry: string): string | undefined;
  /** Makes a directory unless it, or a link to one, is there. */
  declare(entry: string, attributes: TreeAttributes): void;
  /** Drops what is known about links, after one was removed. */
  forget(): void;
  /** Forgets a directory that is gone, too: nothing is to be set there. */
  drop(place: string): void;
  /** Every directory that was written to, children before parents; starts afresh. */
  takeTouched(): TouchedDirectory[];
}

/** As many links as the kernel follows in one path. @see path_resolution(7) */
const MAX_LINKS = 40;

/** @param root resolved absolute path of an existing directory */
export function createTreeDirectories(root: string): TreeDirectories {
  /** Directories by their path in entries; values are paths below `root`, free of links, starting with "/" or empty. */
  const resolved = new Map<string, string>([["", ""]]);
  const touched = new Map<string, { mtimeSeconds: number; attributes?: TreeAttributes }>();

  /** Where a directory really is; a missing one is made when `mtimeSeconds` is given, else the outcome is undefined. */
  function resolve(entry: string, components: readonly string[], mtimeSeconds?: number): string | undefined {
    const key = components.join("/");
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const base = resolve(entry, components.slice(0, -1), mtimeSeconds);
    const found = base === undefined ? undefined : walk(entry, base, components.slice(-1), mtimeSeconds);
    if (found !== undefined) resolved.set(key, found);
    return found;
  }

  function walk(entry: string, base: string, names: readonly string[], mtimeSeconds?: number): string | undefined {
    const pending = [...names];
    let current = base;
    let links = 0;
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (name === "..") {
        if (current === "") throw unsafe(entry, "a link in it leads out of the tree");
        current = current.slice(0, current.lastIndexOf("/"));
        continue;
      }
      const next = `${current}/${name}`;
      const stat = fs.lstatSync(root + next, { throwIfNoEntry: false });
      if (stat === undefined) {
        if (mtimeSeconds === undefined) return undefined;
        make(next);
        touched.set(next, { mtimeSeconds });
        current = next;
      } else if (stat.isDirectory()) {
        if (!touched.has(next)) touched.set(next, { mtimeSeconds: stat.mtimeMs / 1000 });
        current = next;
      } else if (stat.isSymbolicLink()) {
        links += 1;
        if (links > MAX_LINKS) throw unsafe(entry, "the links in it have no end");
        const target = fs.readlinkSync(root + next);
        if (target.startsWith("/")) current = "";
        pending.unshift(...target.split("/").filter((part) => part !== "" && part !== "."));
      } else {
        throw notDirectory(entry, next);
      }
    }
    return current;
  }

  function make(place: string): void {
    try {
      fs.mkdirSync(root + place, 0o755);
    } catch (error) {
      throw writeError(root + place, error);
    }
  }

  function parentOf(entry: string, mtimeSeconds?: number): { parent: string; name: string } | undefined {
    const components = pathComponents(entry);
    const name = components.at(-1);
    if (name === undefined) return { parent: "", name: "" };
    const parent = resolve(entry, components.slice(0, -1), mtimeSeconds);
    if (parent === "" && !touched.has("")) touched.set("", { mtimeSeconds: fs.statSync(root).mtimeMs / 1000 });
    return parent === undefined ? undefined : { parent, name };
  }

  function forget(): void {
    resolved.clear();
    resolved.set("", "");
  }

  return {
    placeOf(entry, mtimeSeconds) {
      const { parent, name } = parentOf(entry, mtimeSeconds) ?? { parent: "", name: "" };
      return `${root}${parent}/${name}`;
    },

    existing(entry) {
      const found = parentOf(entry);
      return found === undefined ? undefined : `${root}${found.parent}/${found.name}`;
    },

    declare(entry, attributes) {
      const { parent, name } = parentOf(entry, attributes.mtimeSeconds) ?? { parent: "", name: "" };
      const place = name === "" ? parent : `${parent}/${name}`;
      const stat = fs.lstatSync(root + place, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() === true) {
        if (walk(entry, parent, [name]) !== undefined) return;
        fs.unlinkSync(root + place);
        forget();
      } else if (stat !== undefined && !stat.isDirectory()) {
        throw notDirectory(entry, place);
      }
      if (stat?.isDirectory() !== true) make(place);
      const before = touched.get(place)?.attributes?.mtimeSeconds ?? attributes.mtimeSeconds;
      // The newest of several packages' times: it does not depend on their order.
      touched.set(place, { mtimeSeconds: Math.max(before, attributes.mtimeSeconds), attributes });
      resolved.set(pathComponents(entry).join("/"), place);
    },

    forget,

    drop(place) {
      touched.delete(place.slice(root.length));
      forget();
    },

    takeTouched() {
      const all = [...touched].map(([place, wanted]) => ({ place: root + place, ...wanted }));
      touched.clear();
      forget();
      // Longer paths first: a parent without permissions would hide its children.
      return all.sort((a, b) => b.place.length - a.place.length);
    },
  };
}

/**
 * The components of an archive's path; none for the root.
 *
 * @throws {PACKAGE_UNSAFE_PATH} it is absolute, or has `..` or a NUL in it
 */
export function pathComponents(entry: string): string[] {
  if (entry.startsWith("/")) throw unsafe(entry, "its path is absolute");
  if (entry.includes("\0")) throw unsafe(entry, "its path has a NUL in it");
  const components = entry.split("/").filter((part) => part !== "" && part !== ".");
  if (components.includes("..")) throw unsafe(entry, 'its path has ".." in it');
  return components;
}

function unsafe(entry: string, state: string): ComposerError {
  return new ComposerError("PACKAGE_UNSAFE_PATH", `Cannot unpack "${entry}": ${state}`);
}

function notDirectory(entry: string, place: string): ComposerError {
  const message = `Cannot unpack "${entry}": "${place}" is there and is not a directory`;
  return new ComposerError("PACKAGE_FORMAT_INVALID", message);
}
