import { spawn } from "node:child_process";
import path from "node:path";

/** This checkout. */
export const CHECKOUT = path.join(import.meta.dirname, "../../..");

/** What a call of the program left behind. */
export interface CliResult {
  /** The code, or the name of the signal that ended it. */
  readonly exitCode: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the composer, for example `["unshare", "--mount", "sh", "-c", script, "sh"]`. */
  readonly through?: readonly string[];
}

/** Calls `./os-image-composer` as a person would, and waits for its end. */
export async function runComposer(
  words: readonly string[],
  { cwd, env, through = [] }: CliOptions,
): Promise<CliResult> {
  const [program = "", ...args] = [...through, path.join(CHECKOUT, "os-image-composer"), ...words];
  // The test runner's own options are not a user's.
  const inherited = { ...process.env, NODE_OPTIONS: undefined, NODE_V8_COVERAGE: undefined };
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ exitCode: signal ?? code ?? 0, ...texts }));
  });
}

/** A text with everything that differs from run to run replaced: `{ here: "/tmp/x1y2" }` makes `{here}` of it. */
export function withPlaceholders(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((replaced, [name, value]) => replaced.replaceAll(value, `{${name}}`), text);
}

/**
 * What {@link runComposer} goes through to see `directory` as a small file system, in a mount namespace that ends with
 * the call; needs root. The names of the files in it are on standard output at the end.
 *
 * @param size as mount takes it, for example `4m`
 */
export function onSmallFileSystem(directory: string, size: string): string[] {
  const script = [
    'directory=$1 && mount -t tmpfs -o "size=$2" small "$directory" && shift 2',
    '"$@"',
    "code=$?",
    'cd "$directory" && find . -type f',
    "exit $code",
  ];
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script.join("\n"), "sh", directory, size];
}
