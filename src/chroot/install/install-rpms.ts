import path from "node:path";
import { ComposerError, type BuildEvent, type EventSink, isComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { RootRunner } from "../run-in-root.ts";
import { bindPackages, type InstallOptions, type PackageFile } from "./package-files.ts";

export interface RpmTransaction {
  /** The tree to install into; empty, or with files that are to be there first. */
  readonly root: string;
  /** Where the target's own rpm looks for its database, for example `/var/lib/rpm`. */
  readonly database: string;
  /** Armored public keys, which rpm is to know. */
  readonly keys: readonly string[];
  /** Whether only packages that one of the keys signed are installed. */
  readonly areSignaturesRequired: boolean;
}

/** Where the tool root sees the tree, package files and keys. */
const TREE = "/run/image-root";
const PACKAGES = "/run/packages";
const SCRATCH = "/run/rpm";

/** Package scripts call these again and again, we once at the end. They are covered by their names, first in the path of scripts. */
const DEFERRED_PROGRAMS = ["dracut", "mkinitrd", "kernel-install", "update-bootloader", "grub2-mkconfig"];
const DEFERRED = "/run/deferred";

/**
 * Installs packages into a tree in one transaction of the tool root's rpm: requirements, conflicts, digests and signatures
 * are checked by it once more, before anything is unpacked.
 *
 * Macros that are in the tree at `/etc/rpm/macros*` hold for the transaction: those of `rpmSelection`, or of
 * `preInstallScripts`.
 *
 * @param scratch an empty directory on the host
 * @throws {INSTALL_SCRIPT_FAILED} a scriptlet failed; names package and scriptlet
 * @throws {INSTALL_REFUSED} rpm does not install the packages, and no scriptlet is the reason; the details are its words
 * @returns what the database says is installed
 * @throws {INSTALL_AUDIT_FAILED} that is not what was to be installed
 * @see rpm(8)
 */
export async function installRpms(
  host: Host,
  tools: RootRunner,
  packages: readonly PackageFile[],
  { root, database, keys, areSignaturesRequired }: RpmTransaction,
  scratch: string,
  { emit, log }: InstallOptions,
): Promise<readonly InstalledRpm[]> {
  const tree = { source: root, target: TREE };
  const { binds, insidePath } = bindPackages(packages, PACKAGES);
  await layOutTree(host, root);
  await writeScratch(host, scratch, keys);
  const scratchBinds = [
    { source: scratch, target: SCRATCH, writable: false },
    { source: path.join(scratch, "deferred"), target: `${TREE}${DEFERRED}`, writable: false },
  ];
  const progress = createProgress(emit, packages);
  const scriptlets = watchScriptlets();
  let isRefused = false;
  const onLine = (line: string): void => {
    isRefused ||= REFUSAL.test(line);
    log(line);
    progress(line);
    scriptlets.line(line);
  };
  const macros = await macroFiles(host, root);
  const rpm = async (argv: readonly string[], onOutput: (line: string) => void): Promise<void> => {
    const command = ["rpm", "--root", TREE, ...databaseOptions(database), ...macros] as const;
    await tools.run({ argv: [...command, ...argv], tree, binds: [...binds, ...scratchBinds], onLine: onOutput });
  };

  const refused: number[] = [];
  for (const index of keys.keys()) {
    try {
      await rpm(["--import", `${SCRATCH}/${keyName(index)}`], log);
    } catch (error) {
      if (!isComposerError(error, "HOST_PROGRAM_FAILED") || !error.details.some((line) => ODD_KEY.test(line)))
        throw error;
      refused.push(index);
    }
  }
  if (refused.length > 0) emit(cannotImport(refused.length));
  const level = areSignaturesRequired && refused.length === 0 ? "all" : "digest";
  const definitions = [`_pkgverify_level ${level}`, `_install_script_path ${SCRIPT_PATH}`, MOUNTED].flatMap(
    (definition) => ["--define", definition],
  );
  try {
    await rpm(["--upgrade", "--verbose", ...definitions, ...packages.map(insidePath)], onLine);
  } catch (error) {
    if (!isComposerError(error, "HOST_PROGRAM_FAILED")) throw error;
    throw scriptlets.failure(error) ?? (isRefused ? refusal(error) : error);
  }
  // A scriptlet that fails after the files are in place is a warning to rpm.
  const failure = scriptlets.failure();
  if (failure !== undefined) throw failure;
  const installed = await queryRpms(host, tools, { root, database });
  audit(installed, packages);
  return installed;
}

/** Their owner is nobody in a user namespace, and a package that has them could not be unpacked. */
const MOUNTED = "_netsharedpath /proc:/sys";
const SCRIPT_PATH = `${DEFERRED}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Given always: what a distribution configures is in a package that the tool root need not have. */
function databaseOptions(database: string): readonly string[] {
  return ["--define", `_dbpath ${database}`, "--define", `_rpmlock_path ${database}/.rpm.lock`];
}

/** Mount points whose modes rpm could not set while something is mounted there. */
async function layOutTree(host: Host, root: string): Promise<void> {
  for (const [name, mode] of [
    ["proc", 0o555],
    ["sys", 0o555],
    ["dev", 0o755],
    ["run", 0o755],
    ["tmp", 0o1777],
  ] as const) {
    const place = path.join(root, name);
    const before = await host.files.stat(place);
    if (before !== undefined && before.kind !== "directory") {
      // Its mode would be set where a link leads, which may be out of the tree.
      const message = `Cannot install the packages: "/${name}" of the image is a ${before.kind}, not a directory`;
      throw new ComposerError("INSTALL_REFUSED", message);
    }
    await host.files.makeDirectory(place, mode);
    await host.files.setMode(place, mode);
  }
}

async function writeScratch(host: Host, scratch: string, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    await host.files.write(path.join(scratch, keyName(index)), key, 0o644);
  }
  const deferred = path.join(scratch, "deferred");
  await host.files.makeDirectory(deferred, 0o755);
  for (const name of DEFERRED_PROGRAMS) {
    await host.files.write(path.join(deferred, name), "#!/bin/sh\nexit 0\n", 0o755);
  }
}

/** rpm's own words, for example `error: /run/rpm/key-1.asc: key 1 import failed.` */
const ODD_KEY = /\bkey \d+ import failed\b/;
const keyName = (index: number): string => `key-${index}.asc`;

/** An older rpm knows fewer kinds of keys than we, who have checked every signature before. */
function cannotImport(count: number): BuildEvent {
  const what = count === 1 ? "a key" : `${count} keys`;
  const message = `The system's own rpm does not take ${what} of the repositories: it checks digests of packages only`;
  return { type: "warning", stage: "compose", code: "KEY_NOT_IMPORTED", message };
}

/** rpm reads its own root's macros, which is the tool root. */
async function macroFiles(host: Pick<Host, "files">, root: string): Promise<readonly string[]> {
  const directory = path.join(root, "etc/rpm");
  if (!(await host.files.exists(directory))) return [];
  const names = (await host.files.list(directory)).filter((name) => /^macros(\.|$)/.test(name));
  return names.flatMap((name) => ["--load", `${TREE}/etc/rpm/${name}`]);
}

/** rpm's own words, for example `warning: %post(foo-1.0-1.noarch) scriptlet failed, exit status 3`. */
const FAILED_SCRIPTLET = /(%\w+)\((\S+?)\) scriptlet failed, (.+)$/;
/** Lua's, of a script that rpm runs itself: `error: lua script failed: [string "%post(foo-1.0-1.noarch)"]:2: …`; long names are cut. */
const FAILED_LUA = /\blua script.*: \[string "(%\w+)\(([^")]+)\)?"\]:\d+: (.+)$/;

const SHOWN_LINES = 20;

/** Waits for the first scriptlet that fails; its own last words come before those of rpm. */
function watchScriptlets() {
  const last: string[] = [];
  let failed: RegExpExecArray | undefined;
  return {
    line: (line: string): void => {
      if (failed !== undefined) return;
      last.push(line);
      if (last.length > SHOWN_LINES) last.shift();
      failed = FAILED_SCRIPTLET.exec(line) ?? FAILED_LUA.exec(line) ?? undefined;
    },
    failure: (cause?: ComposerError): ComposerError | undefined => {
      if (failed === undefined) return undefined;
      const [, scriptlet = "", name = "", state = ""] = failed;
      const message = `Cannot install package "${name}": its ${scriptlet} scriptlet failed (${state})`;
      const options = { details: last, ...(cause === undefined ? {} : { cause }) };
      return new ComposerError("INSTALL_SCRIPT_FAILED", message, options);
    },
  };
}

/** How rpm says why it does not go on; without such a line it was killed, or did not start. */
const REFUSAL = /^(error: |\t)/;

function refusal(cause: ComposerError): ComposerError {
  const message = "Cannot install the packages: rpm refuses them";
  return new ComposerError("INSTALL_REFUSED", message, { details: cause.details, cause });
}

/** A package as the database of a tree has it. */
export interface InstalledRpm {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
  /** As the package states it. */
  readonly licence: string;
}

/** Imported keys are packages to rpm. */
const KEY_PACKAGE = "gpg-pubkey";
const QUERY_FORMAT = "%{NAME}\\t%{EVR}\\t%{ARCH}\\t%{LICENSE}\\n";

/** What the database of a tree says is installed, without keys. */
async function queryRpms(
  host: Host,
  tools: RootRunner,
  { root, database }: Pick<RpmTransaction, "root" | "database">,
): Promise<readonly InstalledRpm[]> {
  const argv = ["rpm", "--root", TREE, ...databaseOptions(database), "--query", "--all"] as const;
  const { stdout } = await tools.run({
    argv: [...argv, "--queryformat", QUERY_FORMAT],
    tree: { source: root, target: TREE },
  });
  await removeLocks(host, root, database);
  return stdout
    .split("\n")
    .map((line) => line.split("\t"))
    .filter(([name = ""]) => name !== "" && name !== KEY_PACKAGE)
    .map(([name = "", version = "", architecture = "", licence = ""]) => ({ name, version, architecture, licence }));
}

function audit(found: readonly InstalledRpm[], packages: readonly PackageFile[]): void {
  const installed = new Set(found.map(formatIdentity));
  const missing = packages.map((file) => formatIdentity(file.package)).filter((name) => !installed.delete(name));
  if (missing.length === 0 && installed.size === 0) return;
  const message = "Cannot finish the installation: the rpm database does not say what was to be installed";
  throw new ComposerError("INSTALL_AUDIT_FAILED", message, {
    details: [...missing.map((name) => `missing: ${name}`), ...[...installed].map((name) => `unexpected: ${name}`)],
  });
}

function formatIdentity({
  name,
  version,
  architecture,
}: Pick<InstalledRpm, "name" | "version" | "architecture">): string {
  return `${name}-${version}.${architecture}`;
}

/** Files of sqlite and rpm that only matter while the database is open. */
async function removeLocks(host: Host, root: string, database: string): Promise<void> {
  const place = path.join(root, database);
  if (!(await host.files.exists(place))) return;
  const directory = await host.files.realPath(place);
  // A link of the image's may lead out of the tree.
  if (!directory.startsWith(`${await host.files.realPath(root)}${path.sep}`)) return;
  for (const name of [".rpm.lock", "rpmdb.sqlite-shm"]) await host.files.remove(path.join(directory, name));
  const log = path.join(directory, "rpmdb.sqlite-wal");
  if ((await host.files.stat(log))?.sizeBytes === 0) await host.files.remove(log);
}

/** With --verbose rpm names each package when it installs it. */
function createProgress(emit: EventSink, packages: readonly PackageFile[]): (line: string) => void {
  const names = new Set(
    packages.map(
      ({ package: { name, version, architecture } }) => `${name}-${version.replace(/^\d+:/, "")}.${architecture}`,
    ),
  );
  let done = 0;
  return (line) => {
    if (!names.has(line.trim().replace(/-\d+:(?=[^-]+-[^-]+$)/, "-"))) return;
    done += 1;
    emit({ type: "progress", stage: "compose", activity: "Installing packages", done, total: packages.length });
  };
}
