import { ComposerError, type ErrorCode, type EventSink, isMirrorList } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { fetchMirrorList, type Mirror } from "./mirror-list.ts";

type MirrorHost = Pick<Host, "files" | "http" | "clock">;

/** What another mirror of the same content may do better. */
const MIRROR_FAULTS: ReadonlySet<ErrorCode> = new Set([
  "REPOSITORY_UNREACHABLE",
  "REPOSITORY_NOT_FOUND",
  "REPOSITORY_HTTP_ERROR",
  "REPOSITORY_TRUNCATED",
  "REPOSITORY_DIGEST_MISMATCH",
  "REPOSITORY_SIZE_MISMATCH",
  "REPOSITORY_TOO_LARGE",
  "REPOSITORY_METADATA_INVALID",
  "REPOSITORY_SIGNATURE_MISSING",
  "REPOSITORY_SIGNATURE_INVALID",
  "REPOSITORY_KEY_UNKNOWN",
  "REPOSITORY_KEY_UNUSABLE",
  "REPOSITORY_REPLAYED",
] as const);

/** A list of dead mirrors must come to an end. */
const MAX_TRIED = 20;
const SHOWN_FAILURES = 5;

/** How a mirror is to be asked: patiently only when there is no other one. */
export interface MirrorAttempts {
  readonly attempts?: number;
}

export interface AnyMirrorOptions {
  /** What is fetched, for messages. */
  readonly object: string;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Asks mirrors of the same content one after the other until one answers as it should.
 *
 * A mirror list among them is fetched, once, when its turn comes; mirrors that failed before come last.
 *
 * @param urls of repositories, or of mirror lists
 * @throws what the only failure was @throws with the code of the first failure, when several mirrors failed
 */
export async function fromAnyMirror<T>(
  host: MirrorHost,
  urls: readonly string[],
  fetchFrom: (mirror: Mirror, attempts: MirrorAttempts) => Promise<T>,
  { object, ...options }: AnyMirrorOptions,
): Promise<T> {
  const { lists, failed } = experienceOf(host);
  const waiting: Mirror[] = urls.map((url) => ({ url }));
  const failedBefore: Mirror[] = [];
  const failures: ComposerError[] = [];
  while (failures.length < MAX_TRIED) {
    const isAskedAgain = waiting.length === 0;
    const mirror = waiting.shift() ?? failedBefore.shift();
    if (mirror === undefined) break;
    const { url } = mirror;
    if (!isAskedAgain && failed.has(url)) {
      failedBefore.push(mirror);
      continue;
    }
    try {
      if (isMirrorList(url)) {
        waiting.unshift(...(await onceFor(lists, url, () => fetchMirrorList(host, url, { ...options, object }))));
        continue;
      }
      const isLast = waiting.length === 0 && failedBefore.length === 0;
      const result = await fetchFrom(mirror, isLast ? {} : { attempts: 1 });
      failed.delete(url);
      return result;
    } catch (error) {
      if (!(error instanceof ComposerError) || !MIRROR_FAULTS.has(error.code)) throw error;
      failures.push(error);
      failed.add(url);
      if (waiting.length === 0 && failedBefore.length === 0) continue;
      const message = `${error.message}: asking another mirror`;
      options.emit?.({ type: "warning", stage: "packages", code: "RETRY", message });
    }
  }
  throw failureOf(object, failures);
}

/** What was learnt of mirrors through one client, for as long as that lives. */
interface Experience {
  readonly lists: Map<string, Promise<readonly Mirror[]>>;
  readonly failed: Set<string>;
}

const experiences = new WeakMap<Host["http"], Experience>();

function experienceOf({ http }: Pick<Host, "http">): Experience {
  const known = experiences.get(http) ?? { lists: new Map(), failed: new Set() };
  experiences.set(http, known);
  return known;
}

async function onceFor<T>(known: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  const started = known.get(key) ?? start();
  known.set(key, started);
  try {
    return await started;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

function failureOf(object: string, failures: readonly ComposerError[]): ComposerError {
  const [first] = failures;
  if (first === undefined) throw new Error("there is no mirror");
  if (failures.length === 1) return first;
  const more = failures.length - SHOWN_FAILURES;
  return new ComposerError(
    first.code,
    `Cannot fetch ${object}: all ${failures.length} mirrors that were asked failed`,
    {
      ...(first.hint === undefined ? {} : { hint: first.hint }),
      details: [
        ...failures.slice(0, SHOWN_FAILURES).map(({ message }) => message),
        ...(more > 0 ? [`… and ${more} more`] : []),
      ],
      cause: first,
    },
  );
}
