import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../src/host/index.ts";
import { readDebControl, readDebEntries, readDebTime, unpackDeb } from "../../src/ospackage/index.ts";

/** Between them: set-user-ID, sticky, hard and symbolic links, many directories, files of megabytes. */
const PACKAGES = ["base-files", "coreutils", "libc6", "bash", "perl-base", "passwd", "zstd"];
const host = { files: nodeFiles, processes: createProcessRunner() };

let sandbox: string;
let debs: string[];

beforeAll(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "deb-packages-"));
  fs.chmodSync(sandbox, 0o777);
  execFileSync("apt-get", ["download", "--quiet", ...PACKAGES], { cwd: sandbox, stdio: "pipe" });
  debs = fs
    .readdirSync(sandbox)
    .sort()
    .map((name) => path.join(sandbox, name));
});

afterAll(() => {
  fs.rmSync(sandbox, { recursive: true });
});

function dpkgDeb(...args: readonly string[]): string {
  return execFileSync("dpkg-deb", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** Every path of a tree with all that dpkg sets, hard links by their first name. */
function describeTree(root: string): Map<string, string> {
  const firstNames = new Map<number, string>();
  const found = new Map<string, string>();
  const names = fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  for (const name of [".", ...names]) {
    const file = path.join(root, name);
    const stat = fs.lstatSync(file);
    const first = firstNames.get(stat.ino) ?? name;
    firstNames.set(stat.ino, first);
    const content = stat.isFile()
      ? createHash("sha256").update(fs.readFileSync(file)).digest("hex")
      : stat.isSymbolicLink()
        ? fs.readlinkSync(file)
        : "";
    const { mode, uid, gid, mtimeMs, size } = stat;
    // GNU tar makes links out of a directory last, and so loses the directory's time: that is compared on its own.
    const changing = stat.isDirectory() ? [] : [mtimeMs, size];
    found.set(name, [mode.toString(8), uid, gid, ...changing, first, content].join(" "));
  }
  return found;
}

/** Seconds by path, as the tree has them. */
function directoryTimes(root: string): [string, number][] {
  const names = ["", ...fs.readdirSync(root, { recursive: true, encoding: "utf8" })];
  return names
    .map((name) => [`./${name}`.replace(/\/?$/, "/"), fs.lstatSync(path.join(root, name))] as const)
    .filter(([, stat]) => stat.isDirectory())
    .map(([name, stat]): [string, number] => [name, stat.mtimeMs / 1000])
    .sort();
}

/** The same, as GNU tar lists them. */
function archivedDirectoryTimes(deb: string): [string, number][] {
  const input = execFileSync("dpkg-deb", ["--fsys-tarfile", deb], { maxBuffer: 256 * 1024 * 1024 });
  const args = ["--list", "--verbose", "--full-time", "--utc"];
  const listing = execFileSync("tar", args, { input, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return [...listing.matchAll(/^d\S+ +\S+ +\S+ (\S+) (\S+) (.*)$/gm)]
    .map(([, day, clock, name = ""]): [string, number] => [name, Date.parse(`${day}T${clock}Z`) / 1000])
    .sort();
}

describe("a Debian package, read by us and by dpkg-deb", () => {
  it("has the same control fields", async () => {
    for (const deb of debs) {
      const stanza = await readDebControl(host, deb);
      for (const { name, value } of stanza.fields) {
        const expected = dpkgDeb("--field", deb, name).trimEnd().replaceAll("\n ", "\n");
        expect(value, `${name} of ${deb}`).toBe(expected);
      }
      expect(stanza.fields.map(({ name }) => name).sort()).toEqual(
        [...dpkgDeb("--field", deb).matchAll(/^([^ :]+):/gm)].map(([, name]) => name).sort(),
      );
    }
  });

  it("has the same build time", async () => {
    for (const deb of debs) {
      const [line = ""] = execFileSync("ar", ["tv", deb], {
        encoding: "utf8",
        env: { TZ: "UTC", PATH: "/usr/bin" },
      }).split("\n");
      const time = new Date((await readDebTime(host.files.readStream(deb), deb)) * 1000).toUTCString();
      const [, , , month, day, clock, year] = line.split(/\s+/);
      expect(time).toContain(`${day?.padStart(2, "0")} ${month} ${year} ${clock}`);
    }
  });

  it("has the same entries", async () => {
    for (const deb of debs) {
      const ours: string[] = [];
      for await (const { name, type, linkName } of readDebEntries(host, deb)) {
        const separator = type === "hardlink" ? " link to " : " -> ";
        ours.push(linkName === "" ? name : `${name}${separator}${linkName}`);
      }
      const theirs = dpkgDeb("--contents", deb).trimEnd().split("\n");
      expect(ours).toEqual(theirs.map((line) => line.slice(line.indexOf(" ./") + 1)));
    }
  });

  it("unpacks to the same tree: content, modes, owners, times, links", async () => {
    for (const deb of debs) {
      const [ours, theirs] = [fs.mkdtempSync(`${sandbox}/ours-`), fs.mkdtempSync(`${sandbox}/theirs-`)];
      const tree = createTreeWriter(ours, { setOwners: process.getuid?.() === 0 });
      await unpackDeb(host, deb, tree);
      tree.finish();
      dpkgDeb("--extract", deb, theirs);
      const [found, expected] = [describeTree(ours), describeTree(theirs)];
      expect(expected.size).toBeGreaterThan(5);
      expect([...found]).toEqual([...expected]);
      expect(directoryTimes(ours)).toEqual(archivedDirectoryTimes(deb));
    }
  });
});
