import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

export const REPOSITORY = path.resolve(import.meta.dirname, "../../..");
export const TEMPLATE = path.join(REPOSITORY, "image-templates/debian13-x86_64-minimal-raw.yml");
export const IMAGE_NAME = "debian13-minimal-1.0.0.raw";

const runFile = promisify(execFile);

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export async function run(
  argv: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const [program, ...args] = argv;
  const { timeoutMs = 20 * 60_000, ...rest } = options;
  try {
    const { stdout, stderr } = await runFile(program, args, { ...rest, timeout: timeoutMs, maxBuffer: 2 ** 28 });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code === "number") return { exitCode: code, stdout, stderr };
    throw error;
  }
}

/** Runs a program that must succeed. @returns what it wrote to standard output */
export async function succeed(...call: Parameters<typeof run>): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...call);
  if (exitCode !== 0) throw new Error(`${call[0].join(" ")} ended with ${exitCode}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A directory on disk that is gone when the test ends. */
export async function makeDirectory(prefix: string): Promise<{ path: string } & AsyncDisposable> {
  const directory = await mkdtemp(path.join(tmpdir(), prefix));
  return { path: directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
