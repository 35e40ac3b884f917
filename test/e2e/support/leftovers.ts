import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

/** A process of this host; its start time tells it from a later one with the same id. */
export interface HostProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly startTicks: string;
  readonly command: string;
  /** The PID namespace, for example `pid:[4026531836]`; empty when this user may not know. */
  readonly pidNamespace: string;
}

/** All processes but those that have ended and wait to be collected. @see proc_pid_stat(5) */
export function hostProcesses(): HostProcess[] {
  return readdirSync("/proc").flatMap((name): HostProcess[] => {
    if (!/^\d+$/.test(name)) return [];
    const stat = textOf(`/proc/${name}/stat`);
    // The program's name may hold spaces and brackets: fields are counted from behind it.
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat === "" || state === "Z" || state === "X") return [];
    const command = textOf(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
    const pidNamespace = linkOf(`/proc/${name}/ns/pid`);
    return [{ pid: Number(name), parentPid: Number(parent), startTicks: rest[17] ?? "", command, pidNamespace }];
  });
}

/** A process and all that it started, parents first. */
export function familyOf(pid: number, processes = hostProcesses()): HostProcess[] {
  const own = processes.filter((process) => process.pid === pid);
  const children = processes.filter(({ parentPid }) => parentPid === pid);
  return [...own, ...children.flatMap((child) => familyOf(child.pid, processes))];
}

/** What a build has started and where it works: what {@link findLeftovers} looks for. */
export interface BuildTraces {
  /** The build's directory: its name stands in command lines, environments and mounts of nothing else. */
  readonly marker: string;
  /** Every process that was seen of the build. */
  readonly family: readonly HostProcess[];
}

/** Describes every process, mount and loop device that is still there of a build; empty when it is gone. */
export function findLeftovers({ marker, family }: BuildTraces): string[] {
  const ownNamespace = linkOf("/proc/self/ns/pid");
  const namespaces = new Set(family.map(({ pidNamespace }) => pidNamespace).filter((name) => name !== ""));
  namespaces.delete(ownNamespace);
  const seen = new Set(family.map(({ pid, startTicks }) => `${pid} ${startTicks}`));
  const isOurs = ({ pid, startTicks, pidNamespace, command }: HostProcess): boolean =>
    seen.has(`${pid} ${startTicks}`) ||
    namespaces.has(pidNamespace) ||
    command.includes(marker) ||
    linkOf(`/proc/${pid}/cwd`).startsWith(marker) ||
    textOf(`/proc/${pid}/environ`).includes(marker);
  const processes = hostProcesses()
    .filter((one) => one.pid !== process.pid && isOurs(one))
    .map(({ pid, command }) => `process ${pid}: ${command}`);
  const mounts = textOf("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(marker))
    .map((line) => `mount: ${line}`);
  const loops = readdirSync("/sys/block")
    .map((name) => [name, textOf(`/sys/block/${name}/loop/backing_file`).trim()] as const)
    .filter(([, backing]) => backing.startsWith(marker))
    .map(([name, backing]) => `loop device ${name}: ${backing}`);
  return [...processes, ...mounts, ...loops];
}

/** Every file and directory below a directory, relative to it, in order. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
}

/** The files below a directory that do not belong to this user, who could not remove them. */
export function foreignFiles(directory: string, uid: number): string[] {
  return filesBelow(directory).filter((file) => lstatSync(path.join(directory, file)).uid !== uid);
}

/** The files of a package cache that are not what a complete cache has under that name; `partial/` may hold anything. */
export function brokenPackages(cache: string, completeCache: string): string[] {
  const isPackage = (file: string): boolean => file.endsWith(".deb") && !file.split("/").includes("partial");
  const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  return filesBelow(cache)
    .filter(isPackage)
    .filter((file) => digest(path.join(cache, file)) !== digest(path.join(completeCache, file)));
}

/** Empty when it is gone or not ours to read: processes end while one looks. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
