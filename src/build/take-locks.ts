import path from "node:path";
import { ComposerError } from "../core/index.ts";
import { type FileLock, type Host, takeFileLock, tryFileLock } from "../host/index.ts";
import type { BuildRequest } from "../provider/index.ts";
import type { BuildPlaces } from "./build-paths.ts";

/** Another build of the same target is waited for as long as one may take. */
const TARGET_TIMEOUT_MS = 30 * 60_000;
/** With many builds in the queue, the last one waits for all of them. */
const SLOT_TIMEOUT_MS = 24 * 3_600_000;
/** Removing what is old takes seconds. */
const CACHE_TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 250;

/** Shared by all builds that use a directory, exclusive to who removes things from it. */
export function useLockFile(directory: string): string {
  return path.join(directory, ".lock");
}

/**
 * Takes what a build must hold: a share in the work directory, its target's directory, one of the slots for builds at the
 * same time. Always in this order, so that no two builds wait for each other.
 *
 * @throws {HOST_LOCK_BUSY} @throws {INTERRUPTED}
 */
export async function takeBuildLocks(
  host: Host,
  request: BuildRequest,
  places: BuildPlaces,
  locks: AsyncDisposableStack,
): Promise<void> {
  const { workDir } = request.settings;
  locks.use(await takeUseLock(host, request, workDir));
  await host.files.makeDirectory(places.imageBuild);
  const message = `Waiting for another build of "${path.basename(places.imageBuild)}" to end`;
  locks.use(
    await takeFileLock(path.join(places.imageBuild, ".lock"), {
      timeoutMs: TARGET_TIMEOUT_MS,
      onWait: () => request.emit({ type: "info", message }),
      ...signalOf(request),
    }),
  );
  locks.use(await takeSlot(host, request, places.slots));
}

/** While it is held, nobody cleans the directory. */
export async function takeUseLock(host: Host, request: BuildRequest, directory: string): Promise<FileLock> {
  await host.files.makeDirectory(directory);
  return takeFileLock(useLockFile(directory), {
    kind: "shared",
    timeoutMs: CACHE_TIMEOUT_MS,
    onWait: () => request.emit({ type: "info", message: `Waiting until "${directory}" is cleaned` }),
    ...signalOf(request),
  });
}

/** One of the `max_concurrent_builds`; of those that wait, one looks for a free slot and the others wait for its turn. */
async function takeSlot(host: Host, request: BuildRequest, directory: string): Promise<FileLock> {
  const { maxConcurrentBuilds: count } = request.settings;
  await host.files.makeDirectory(directory);
  const free = await freeSlot(directory, count);
  if (free !== undefined) return free;
  const builds = count === 1 ? "the other build" : `one of ${count} other builds`;
  const message = `Waiting for ${builds} in "${path.dirname(directory)}" to end (core.max_concurrent_builds: ${count})`;
  request.emit({ type: "info", message });
  await using turn = new AsyncDisposableStack();
  turn.use(
    await takeFileLock(path.join(directory, "turn.lock"), {
      timeoutMs: SLOT_TIMEOUT_MS,
      onWait: () => undefined,
      ...signalOf(request),
    }),
  );
  for (;;) {
    const slot = await freeSlot(directory, count);
    if (slot !== undefined) return slot;
    if (request.signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    await host.clock.sleep(POLL_MS);
  }
}

async function freeSlot(directory: string, count: number): Promise<FileLock | undefined> {
  for (let number = 1; number <= count; number++) {
    const slot = await tryFileLock(path.join(directory, `${number}.lock`));
    if (slot !== undefined) return slot;
  }
  return undefined;
}

function signalOf({ signal }: BuildRequest): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
