import type { ComposerError } from "../../../core/index.ts";
import { type RpmHeader, MAX_RPM_ITEMS } from "./rpm-header.ts";
import { RPM_TAG } from "./rpm-tags.ts";

export type RpmFileType = "file" | "directory" | "symlink" | "character-device" | "block-device" | "fifo" | "socket";

/** A file as the header describes it. */
export interface RpmFile {
  /** Absolute. */
  readonly path: string;
  readonly type: RpmFileType;
  /** Permission bits, set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly user: string;
  readonly group: string;
  /** Seconds since 1970. */
  readonly mtimeSeconds: number;
  readonly sizeBytes: number;
  /** The target of a symbolic link; else empty. */
  readonly linkTarget: string;
  /** Of the content, hexadecimal; empty for anything but files. */
  readonly digest: string;
  /** For example `sha256`. */
  readonly digestAlgorithm: string;
  readonly flags: RpmFileFlags;
  /** Files of a package with the same inode (and device) are hard links of each other. */
  readonly inode: number;
  readonly device: number;
  /** How many names of the package this file has; 1 for anything but files. */
  readonly linkCount: number;
  /** Of a device node: major and minor number. */
  readonly deviceNumber?: { readonly major: number; readonly minor: number };
  /** As `cap_to_text` writes them: `cap_net_raw=ep`; empty when it has none. */
  readonly capabilities: string;
  /** The languages that it is for, with bars between: `de|fr`; empty for all. */
  readonly language: string;
}

export interface RpmFileFlags {
  readonly config: boolean;
  readonly doc: boolean;
  readonly missingOk: boolean;
  readonly noReplace: boolean;
  /** Not in the payload: the installed system makes it. */
  readonly ghost: boolean;
  readonly licence: boolean;
  readonly readme: boolean;
  readonly artifact: boolean;
}

const TYPE_OF_MODE: Readonly<Record<number, RpmFileType>> = {
  0o010000: "fifo",
  0o020000: "character-device",
  0o040000: "directory",
  0o060000: "block-device",
  0o100000: "file",
  0o120000: "symlink",
  0o140000: "socket",
};

/** Names of OpenPGP's hash algorithms, as node:crypto has them. @see RFC 9580, section 9.5 */
export const HASH_NAMES: Readonly<Record<number, string>> = {
  1: "md5",
  2: "sha1",
  8: "sha256",
  9: "sha384",
  10: "sha512",
  11: "sha224",
  12: "sha3-256",
  14: "sha3-512",
};

/** What a package may be refused for. */
export interface RpmRefusals {
  /** Its header contradicts itself. */
  readonly invalid: (state: string) => ComposerError;
  /** It has more than any honest one. @param state what there is too much of, and the limit */
  readonly tooLarge: (state: string) => ComposerError;
}

/** Tags with a value for each file. */
const FILE_TAGS = [
  RPM_TAG.directoryIndexes,
  RPM_TAG.longFileSizes,
  RPM_TAG.fileSizes,
  RPM_TAG.fileModes,
  RPM_TAG.fileTimes,
  RPM_TAG.fileFlags,
  RPM_TAG.fileInodes,
  RPM_TAG.fileDevices,
  RPM_TAG.fileDeviceNumbers,
  RPM_TAG.fileUsers,
  RPM_TAG.fileGroups,
  RPM_TAG.fileDigests,
  RPM_TAG.fileLinkTargets,
  RPM_TAG.fileLanguages,
  RPM_TAG.fileCapabilities,
];

/**
 * The files of a package, in the order of its header.
 *
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE}
 */
export function readRpmFiles(header: RpmHeader, refusals: RpmRefusals): RpmFile[] {
  const refuse = refusals.invalid;
  requireCounts(header, refusals);
  const paths = pathsOf(header, refusals);
  const numbers = (tag: number): readonly number[] => header.numbers(tag);
  const strings = (tag: number): readonly string[] => header.strings(tag);
  if (paths.length === 0) return [];

  const sizes = numbers(header.has(RPM_TAG.longFileSizes) ? RPM_TAG.longFileSizes : RPM_TAG.fileSizes);
  const [modes, times, flags] = [numbers(RPM_TAG.fileModes), numbers(RPM_TAG.fileTimes), numbers(RPM_TAG.fileFlags)];
  const [inodes, devices] = [numbers(RPM_TAG.fileInodes), numbers(RPM_TAG.fileDevices)];
  const deviceNumbers = numbers(RPM_TAG.fileDeviceNumbers);
  const [users, groups] = [strings(RPM_TAG.fileUsers), strings(RPM_TAG.fileGroups)];
  const [digests, linkTargets] = [strings(RPM_TAG.fileDigests), strings(RPM_TAG.fileLinkTargets)];
  const [languages, capabilities] = [strings(RPM_TAG.fileLanguages), strings(RPM_TAG.fileCapabilities)];
  const digestAlgorithm = HASH_NAMES[header.number(RPM_TAG.fileDigestAlgorithm) ?? 1] ?? "unknown";
  if (modes.length === 0 || sizes.length === 0) throw refuse("its files have no modes or no sizes");

  const linkCounts = new Map<string, number>();
  const linkKey = (index: number): string | undefined =>
    inodes.length === 0 || ((modes[index] ?? 0) & 0o170000) !== 0o100000 || ((flags[index] ?? 0) & GHOST) !== 0
      ? undefined
      : `${devices[index] ?? 0}:${inodes[index] ?? 0}`;
  for (const index of paths.keys()) {
    const key = linkKey(index);
    if (key !== undefined) linkCounts.set(key, (linkCounts.get(key) ?? 0) + 1);
  }
  return paths.map((path, index): RpmFile => {
    const mode = modes[index] ?? 0;
    const type = TYPE_OF_MODE[mode & 0o170000];
    if (type === undefined) throw refuse(`its file "${path}" has the mode ${mode.toString(8)}`);
    const flag = flags[index] ?? 0;
    const key = linkKey(index);
    const deviceNumber = type.endsWith("-device") ? splitDevice(deviceNumbers[index] ?? 0) : undefined;
    return {
      path,
      type,
      mode: mode & 0o7777,
      user: users[index] ?? "root",
      group: groups[index] ?? "root",
      mtimeSeconds: times[index] ?? 0,
      sizeBytes: sizes[index] ?? 0,
      linkTarget: type === "symlink" ? (linkTargets[index] ?? "") : "",
      digest: digests[index] ?? "",
      digestAlgorithm,
      flags: flagsOf(flag),
      inode: inodes[index] ?? 0,
      device: devices[index] ?? 0,
      linkCount: key === undefined ? 1 : (linkCounts.get(key) ?? 1),
      ...(deviceNumber === undefined ? {} : { deviceNumber }),
      capabilities: capabilities[index] ?? "",
      language: languages[index] ?? "",
    };
  });
}

const GHOST = 1 << 6;

const knownFlags = new Map<number, RpmFileFlags>();
/** The bits that {@link RpmFileFlags} has. */
const KNOWN_BITS = 0b1_0001_1101_1011;

/** One object for all files with the same flags, of which few combinations are in use. */
function flagsOf(all: number): RpmFileFlags {
  const flags = all & KNOWN_BITS;
  const known = knownFlags.get(flags) ?? newFlags(flags);
  knownFlags.set(flags, known);
  return known;
}

function newFlags(flags: number): RpmFileFlags {
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0;
  return {
    config: has(0),
    doc: has(1),
    missingOk: has(3),
    noReplace: has(4),
    ghost: (flags & GHOST) !== 0,
    licence: has(7),
    readme: has(8),
    artifact: has(12),
  };
}

/** Before anything is decoded: lists for the files are as many as those. */
function requireCounts(header: RpmHeader, { invalid, tooLarge }: RpmRefusals): void {
  const isJoined = header.has(RPM_TAG.baseNames);
  const count = header.count(isJoined ? RPM_TAG.baseNames : RPM_TAG.oldFileNames);
  if (count > MAX_RPM_ITEMS) throw tooLarge(`it has ${count} files, and no more than ${MAX_RPM_ITEMS} are read`);
  const directories = header.count(RPM_TAG.directoryNames);
  if (isJoined && directories > count) throw invalid(`it has ${count} files in ${directories} directories`);
  if (isJoined && header.count(RPM_TAG.directoryIndexes) !== count) {
    throw invalid("its files and their directories are of different number");
  }
  for (const tag of FILE_TAGS) {
    const own = header.count(tag);
    if (own !== 0 && own !== count && (isJoined || tag !== RPM_TAG.directoryIndexes)) {
      throw invalid(`its tag ${tag} is for ${own} files, but there are ${count}`);
    }
  }
}

const MAX_PATH_LENGTH = 4096;
const MAX_PATHS_LENGTH = 16 * 1024 ** 2;

function pathsOf(header: RpmHeader, refusals: RpmRefusals): readonly string[] {
  const refuse = refusals.invalid;
  const paths = header.has(RPM_TAG.baseNames) ? joinedPaths(header, refusals) : header.strings(RPM_TAG.oldFileNames);
  let total = 0;
  for (const path of paths) {
    // Many names share a directory: paths may be far longer than the header.
    total += path.length;
    if (path.length > MAX_PATH_LENGTH) throw refuse(`a path of ${path.length} characters is in its list of files`);
    if (total > MAX_PATHS_LENGTH) {
      throw refusals.tooLarge(
        `the paths of its files have more than ${MAX_PATHS_LENGTH} characters, and no more are read`,
      );
    }
    if (!path.startsWith("/")) throw refuse(`the path "${path}" of a file is not absolute`);
  }
  if (new Set(paths).size !== paths.length) throw refuse("a path is twice in its list of files");
  return paths;
}

function joinedPaths(header: RpmHeader, { invalid: refuse }: RpmRefusals): string[] {
  const directories = header.strings(RPM_TAG.directoryNames);
  const indexes = header.numbers(RPM_TAG.directoryIndexes);
  return header.strings(RPM_TAG.baseNames).map((baseName, index) => {
    const directory = directories[indexes[index] ?? -1];
    if (directory === undefined) throw refuse(`its file "${baseName}" is in no directory`);
    if (baseName.includes("/")) throw refuse(`the name "${baseName}" of a file has a slash`);
    return directory + baseName;
  });
}

/** Sixteen bits, as rpm writes them: eight each. */
function splitDevice(number: number): { readonly major: number; readonly minor: number } {
  return { major: (number >> 8) & 0xff, minor: number & 0xff };
}
