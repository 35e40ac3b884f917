import { spawn } from "node:child_process";
import { once } from "node:events";
import { ComposerError } from "../core/index.ts";

/** A lock that is held until it is disposed of, or until this process ends, however it ends. */
export interface FileLock extends AsyncDisposable {
  readonly file: string;
}

/** Any number may hold a shared lock, while nobody holds an exclusive one. */
export type LockKind = "shared" | "exclusive";

const CONFLICT_EXIT_CODE = 75;

/**
 * Takes a lock on a file, which is made when missing; waits for whoever holds it. Exclusive unless `kind` says otherwise.
 *
 * The lock belongs to a `flock` program that lives as long as its standard input is open, so the kernel drops it when
 * we die.
 *
 * @param onWait called once when somebody else holds the lock
 * @throws {HOST_LOCK_BUSY} it is still held after `timeoutMs`
 * @throws {INTERRUPTED} `signal` fired
 * @see flock(1)
 */
export async function takeFileLock(
  file: string,
  options: {
    readonly timeoutMs: number;
    readonly onWait: () => void;
    readonly kind?: LockKind;
    readonly signal?: AbortSignal;
  },
): Promise<FileLock> {
  const { kind = "exclusive", signal } = options;
  const immediate = await tryLock(file, kind, 0, signal);
  if (immediate !== undefined) return immediate;
  options.onWait();
  const late = await tryLock(file, kind, options.timeoutMs, signal);
  if (late !== undefined) return late;
  throw new ComposerError(
    "HOST_LOCK_BUSY",
    `Cannot lock "${file}": another build has held it for ${options.timeoutMs / 1000} s`,
    {
      hint: "Wait for the other build to end, or choose another --work-dir",
    },
  );
}

/**
 * Takes a lock on a file, which is made when missing, unless somebody else's lock is in the way.
 *
 * @returns undefined when it is
 */
export async function tryFileLock(file: string, kind: LockKind = "exclusive"): Promise<FileLock | undefined> {
  return tryLock(file, kind, 0, undefined);
}

async function tryLock(
  file: string,
  kind: LockKind,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<FileLock | undefined> {
  const wait = ["--timeout", String(timeoutMs / 1000), "--conflict-exit-code", String(CONFLICT_EXIT_CODE)];
  const holder = spawn("flock", [`--${kind}`, ...wait, file, "cat"], { stdio: ["pipe", "pipe", "pipe"] });
  const abort = (): void => void holder.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const errors: Buffer[] = [];
    holder.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    holder.stdin.on("error", () => undefined);
    // cat gives back what it is sent: only once flock has started it, with the lock in hand.
    holder.stdin.write("locked\n");
    const failed = new Promise<never>((_, reject) => holder.once("error", reject));
    const outcome = await Promise.race([once(holder.stdout, "data"), once(holder, "close"), failed]);
    if (outcome[0] instanceof Buffer) return { file, [Symbol.asyncDispose]: () => release(holder) };
    if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    if (outcome[0] === CONFLICT_EXIT_CODE) return undefined;
    const reason = Buffer.concat(errors).toString("utf8").trim();
    throw new ComposerError("HOST_FILE_UNWRITABLE", `Cannot lock "${file}": ${reason}`);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function release(holder: ReturnType<typeof spawn>): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const closed = once(holder, "close");
  holder.stdin?.end();
  await closed;
}
