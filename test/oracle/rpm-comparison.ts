import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../src/host/index.ts";
import { type RpmFileFlags, readRpmPackage, unpackRpm } from "../../src/ospackage/rpm/package/index.ts";
import type { RpmPrograms } from "./rpm-programs.ts";

/** What we and rpm read from the same package, in the same words. */
export interface Comparison {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

const host = { files: nodeFiles, processes: createProcessRunner() };

/** @param scratch where trees are unpacked */
export const comparisonOf: Readonly<
  Record<
    "facts" | "relations" | "files" | "tree",
    (rpm: RpmPrograms, file: string, scratch: string) => Promise<Comparison>
  >
> = { facts: compareFacts, relations: compareRelations, files: compareFiles, tree: compareTrees };

export function rpmQuery(rpm: RpmPrograms, file: string, format: string): string {
  return rpm.run(["rpm", "-qp", "--qf", format, file]);
}

/** In no text of a package. */
const SEPARATOR = "<|>";
const EMPTY = /^\(none\)$/;

async function compareFacts(rpm: RpmPrograms, file: string): Promise<Comparison> {
  const found = await readRpmPackage(host, file);
  const tags = ["NAME", "EPOCH", "VERSION", "RELEASE", "ARCH", "LICENSE", "SOURCERPM", "BUILDTIME", "VENDOR"];
  const more = ["PACKAGER", "URL", "GROUP", "SUMMARY", "LONGSIZE", "PAYLOADFORMAT", "PAYLOADCOMPRESSOR", "DESCRIPTION"];
  const ours = [
    ...[found.name, found.epoch ?? "", found.version, found.release, found.architecture, found.licence],
    ...[found.sourceRpm, found.buildTimeSeconds, found.vendor, found.packager, found.url, found.group, found.summary],
    ...[found.installedSizeBytes, found.payloadFormat, found.payloadCompressor, found.description],
  ];
  const answer = rpmQuery(rpm, file, [...tags, ...more].map((tag) => `%{${tag}}`).join(SEPARATOR));
  const theirs = answer.split(SEPARATOR).map((field) => field.replace(EMPTY, ""));
  return { ours: ours.map(String), theirs };
}

const RELATION_TAGS = {
  ...{ provides: "PROVIDENEVRS", conflicts: "CONFLICTNEVRS", obsoletes: "OBSOLETENEVRS" },
  ...{
    recommends: "RECOMMENDNEVRS",
    suggests: "SUGGESTNEVRS",
    supplements: "SUPPLEMENTNEVRS",
    enhances: "ENHANCENEVRS",
  },
} as const;

async function compareRelations(rpm: RpmPrograms, file: string): Promise<Comparison> {
  const found = await readRpmPackage(host, file);
  const kinds = Object.keys(RELATION_TAGS) as (keyof typeof RELATION_TAGS)[];
  const entries = (kind: string, text: string): string[] =>
    text
      .split("\t")
      .filter((entry) => entry !== "")
      .map((entry) => `${kind} ${entry}`);
  const beforeOf = (text: string): string => (text.startsWith("(") ? text : (text.split(" ")[0] ?? ""));
  const ours = [
    ...kinds.flatMap((kind) => entries(kind, found[kind])),
    ...entries("requires", found.requires),
    ...entries("requires", found.preRequires),
    ...entries("before", found.preRequires.split("\t").map(beforeOf).join("\t")),
  ];
  const asked = kinds.map((kind) => `[${kind} %{${RELATION_TAGS[kind]}}\n]`).join("");
  const required = "[requires %{REQUIRENEVRS}\n][%{REQUIREFLAGS:deptype} before %{REQUIRENAME}\n]";
  const theirs = rpmQuery(rpm, file, asked.concat(required).replaceAll("\n", "\\n"))
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith("(none)"))
    // What a relation is for stands before "before".
    .flatMap((line) => {
      const [, types = "", name = ""] = /^(\S+) before (.*)$/.exec(line) ?? [];
      if (types === "") return [line];
      return /\b(pre|post)\b/.test(types) ? [`before ${name}`] : [];
    });
  return { ours: [...new Set(ours)].sort(), theirs: [...new Set(theirs)].sort() };
}

const FLAG_LETTERS: Readonly<Record<keyof RpmFileFlags, string>> = {
  ...{ config: "c", doc: "d", ghost: "g", licence: "l", missingOk: "m", noReplace: "n", readme: "r", artifact: "a" },
};
const TYPE_BITS: Readonly<Record<string, number>> = { directory: 0o40000, symlink: 0o120000, file: 0o100000 };

async function compareFiles(rpm: RpmPrograms, file: string): Promise<Comparison> {
  const { files } = await readRpmPackage(host, file);
  const tags = ["FILENAMES", "FILEMODES:octal", "FILEUSERNAME", "FILEGROUPNAME", "FILEMTIMES", "LONGFILESIZES"];
  const more = [
    "FILELINKTOS",
    "FILEDIGESTS",
    "FILEFLAGS:fflags",
    "FILEINODES",
    "FILEDEVICES",
    "FILENLINKS",
    "FILELANGS",
  ];
  const flagsOf = (flags: RpmFileFlags): string =>
    (Object.keys(FLAG_LETTERS) as (keyof RpmFileFlags)[])
      .filter((name) => flags[name])
      .map((name) => FLAG_LETTERS[name])
      .sort()
      .join("");
  return {
    ours: files.map((one) =>
      [
        ...[one.path, ((TYPE_BITS[one.type] ?? 0) + one.mode).toString(8), one.user, one.group, one.mtimeSeconds],
        ...[one.sizeBytes, one.linkTarget, one.digest, flagsOf(one.flags), one.inode, one.device],
        ...[one.flags.ghost || one.type !== "file" ? "-" : one.linkCount, one.language, one.capabilities],
      ].join("|"),
    ),
    theirs: rows(rpm, file, [...tags, ...more, "FILECAPS"]).map((row) => {
      const flags = [...(row[8] ?? "")].sort().join("");
      // rpm counts the names of a ghost, too; it is in no payload.
      const isCounted = row[1]?.startsWith("10") === true && !flags.includes("g");
      return row
        .with(8, flags)
        .with(11, isCounted ? (row[11] ?? "") : "-")
        .join("|");
    }),
  };
}

async function compareTrees(_: RpmPrograms, file: string, scratch: string): Promise<Comparison> {
  const [ours, theirs] = ["ours-", "theirs-"].map((name) => fs.mkdtempSync(path.join(scratch, name)));
  if (ours === undefined || theirs === undefined) throw new Error("unreachable");
  try {
    const tree = createTreeWriter(ours, { setOwners: process.getuid?.() === 0 });
    const leftOut = await unpackRpm(host, file, tree);
    tree.finish();
    const archive = execFileSync("rpm2cpio", [file], { maxBuffer: 1024 ** 3 });
    const options = [
      "--extract",
      "--make-directories",
      "--preserve-modification-time",
      "--no-preserve-owner",
      "--quiet",
    ];
    execFileSync("cpio", options, { cwd: theirs, input: archive });
    return { ours: [...describeTree(ours), ...leftOut.map(({ path: name }) => name)], theirs: describeTree(theirs) };
  } finally {
    for (const root of [ours, theirs]) fs.rmSync(root, { recursive: true });
  }
}

/** Lines of a query over arrays of tags. */
function rows(rpm: RpmPrograms, file: string, tags: readonly string[]): string[][] {
  const format = `[${tags.map((tag) => `%{${tag}}`).join("\\t")}\\n]`;
  const lines = rpmQuery(rpm, file, format).split("\n").slice(0, -1);
  return lines.map((line) => line.split("\t").map((field) => field.replace(EMPTY, "")));
}

/** Every path of a tree with what both readers set. */
function describeTree(root: string): string[] {
  const firstNames = new Map<number, string>();
  return fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const file = path.join(root, name);
      const stat = fs.lstatSync(file);
      const first = firstNames.get(stat.ino) ?? name;
      firstNames.set(stat.ino, first);
      const { mode, nlink, mtimeMs, size } = stat;
      const digest = (): string => createHash("sha256").update(fs.readFileSync(file)).digest("hex");
      const content = stat.isFile() ? digest() : stat.isSymbolicLink() ? fs.readlinkSync(file) : "";
      // cpio sets no times of links, and those of directories only when it comes by them last.
      const changing = stat.isFile() ? [mtimeMs, size, nlink, first] : [];
      return [name, mode.toString(8), ...changing, content].join(" ");
    });
}
