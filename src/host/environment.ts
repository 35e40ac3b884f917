import os from "node:os";
import process from "node:process";

/** Facts about the host and the call that don't change while the program runs. */
export interface HostEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly cpuCount: number;
  readonly architecture: string;
  readonly workingDirectory: string;
  readonly homeDirectory: string;
  /** The Node.js program that runs us. */
  readonly nodePath: string;
  /** What follows the Node.js program on the command line: our script and its arguments. */
  readonly programArguments: readonly string[];
}

export function readEnvironment(): HostEnvironment {
  return {
    variables: process.env,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    userName: userName(),
    cpuCount: os.availableParallelism(),
    architecture: process.arch,
    workingDirectory: process.cwd(),
    homeDirectory: os.homedir(),
    nodePath: process.execPath,
    programArguments: process.argv.slice(1),
  };
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A uid without an entry in the host's user database.
    return String(process.getuid?.() ?? 0);
  }
}
