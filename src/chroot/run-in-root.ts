import path from "node:path";
import type { Host } from "../host/index.ts";

/** A directory or file of the host that a program sees inside the tree. */
export interface Bind {
  readonly source: string;
  /** Absolute path inside the tree; made when it is not there. */
  readonly target: string;
  readonly writable: boolean;
}

/** A program to run inside a root tree. */
export interface RootCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly binds?: readonly Bind[];
  /** The program cannot change the tree that it runs in, but for /run, /tmp and what is writable among the binds. */
  readonly readOnly?: boolean;
  /** Another root tree that the program changes, furnished like its own, with the right to chroot into it. */
  readonly tree?: Omit<Bind, "writable">;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly onLine?: (line: string) => void;
  readonly okExitCodes?: readonly number[];
}

/** Runs programs inside one root tree, isolated from the host and from each other. */
export interface RootRunner {
  readonly root: string;
  /** Fails like `ProcessRunner.run`. */
  run(command: RootCommand): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }>;
  /** What the program writes to standard output, piece by piece. */
  stream(command: RootCommand): AsyncIterable<Uint8Array>;
}

export interface RootRunnerOptions {
  /** Seconds since 1970; what programs take for the time of what they write. */
  readonly sourceDateEpoch: number;
  readonly signal?: AbortSignal;
}

const ENTER_ROOT = path.join(import.meta.dirname, "enter-root.sh");

/**
 * Runs programs inside `root`: each in new mount, PID, network, IPC and UTS namespaces, without network, with a clean
 * environment and few capabilities. The process must already be root of its own mount and PID namespace.
 *
 * @see enter-root.sh for what a program sees
 */
export function createRootRunner(host: Host, root: string, options: RootRunnerOptions): RootRunner {
  const command = (rootCommand: RootCommand) => ({
    argv: enterArgv(root, rootCommand),
    name: rootCommand.argv[0],
    env: { ...scriptEnvironment(options.sourceDateEpoch), ...rootCommand.env },
    ...(rootCommand.input === undefined ? {} : { input: rootCommand.input }),
    ...(rootCommand.onLine === undefined ? {} : { onLine: rootCommand.onLine }),
    ...(rootCommand.okExitCodes === undefined ? {} : { okExitCodes: rootCommand.okExitCodes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    package: "util-linux",
  });
  return {
    root,
    run: (rootCommand) => host.processes.run(command(rootCommand)),
    stream: (rootCommand) => host.processes.stream(command(rootCommand)),
  };
}

function enterArgv(
  root: string,
  { argv, binds = [], tree, readOnly = false }: RootCommand,
): readonly [string, ...string[]] {
  const namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"];
  const bindArguments = binds.flatMap(({ source, target, writable }) => [
    writable ? "--bind" : "--bind-ro",
    source,
    target,
  ]);
  const treeArguments = tree === undefined ? [] : ["--tree", tree.source, tree.target];
  const options = [...(readOnly ? ["--read-only"] : []), ...treeArguments, ...bindArguments];
  return ["unshare", ...namespaces, "--", "sh", ENTER_ROOT, root, ...options, "--", ...argv];
}

/** The environment of package scripts: nothing of the caller's, and nothing that varies between two builds. */
function scriptEnvironment(sourceDateEpoch: number): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LANG: "C.UTF-8",
    TZ: "UTC",
    TERM: "dumb",
    DEBIAN_FRONTEND: "noninteractive",
    DEBCONF_NONINTERACTIVE_SEEN: "true",
    SYSTEMD_OFFLINE: "1",
    PERL_HASH_SEED: "0",
    PYTHONHASHSEED: "0",
    SOURCE_DATE_EPOCH: String(sourceDateEpoch),
  };
}
