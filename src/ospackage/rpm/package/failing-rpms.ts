import type { PublicKey } from "openpgp";
import { ComposerError, fromPlainError, type PlainError, toPlainError } from "../../../core/index.ts";
import type { Host, Job, JobHost } from "../../../host/index.ts";
import { checkRpmPayload } from "./unpack-rpm.ts";
import { verifyRpm } from "./verify-rpm.ts";

export interface UncheckedRpm {
  readonly file: string;
  /** Who may have signed it; absent: its signature is not asked for. */
  readonly keys?: readonly PublicKey[];
}

export interface FailingRpm {
  readonly file: string;
  /** As `verifyRpm` and `readRpmEntries` throw it. */
  readonly error: Error;
}

/** Enough for starting a thread to be worth it, few enough for all threads to end at about the same time. */
const BATCH_FILES = 8;

/**
 * Checks packages before anything of them is unpacked: signature, digests, and that the files of the payload are those of
 * the header and none leads out of a tree.
 *
 * @param now when keys and signatures are judged
 * @returns those that fail, in the given order
 * @throws {INTERRUPTED}
 */
export async function failingRpms(
  host: Pick<Host, "threads">,
  rpms: readonly UncheckedRpm[],
  now: Date,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly FailingRpm[]> {
  const failing: FailingRpm[] = [];
  for await (const failures of host.threads.map(CHECK_RPMS, batchesOf(rpms, now))) {
    if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    failing.push(...failures.map(({ file, error }) => ({ file, error: fromPlainError(error) })));
  }
  return failing;
}

/** Packages that the same keys may have signed. */
interface RpmBatch {
  readonly files: readonly string[];
  /** Armored; absent: signatures are not asked for. */
  readonly keys: readonly string[] | undefined;
  readonly nowMs: number;
}

function batchesOf(rpms: readonly UncheckedRpm[], now: Date): readonly RpmBatch[] {
  const batches: { readonly files: string[]; readonly by: UncheckedRpm["keys"] }[] = [];
  for (const { file, keys } of rpms) {
    const last = batches.at(-1);
    if (last !== undefined && last.by === keys && last.files.length < BATCH_FILES) last.files.push(file);
    else batches.push({ files: [file], by: keys });
  }
  return batches.map(({ files, by }) => ({ files, keys: by?.map((key) => key.armor()), nowMs: now.getTime() }));
}

interface PlainFailure {
  readonly file: string;
  readonly error: PlainError;
}

/** Checks some packages, one after the other. */
export const CHECK_RPMS: Job<RpmBatch, readonly PlainFailure[]> = {
  name: "check-rpms",
  async run(host, { files, keys: armored, nowMs }) {
    const keys = armored === undefined ? undefined : await readArmored(armored);
    const failures: PlainFailure[] = [];
    for (const file of files) {
      const error = await faultOf(host, file, keys, new Date(nowMs));
      if (error !== undefined) failures.push({ file, error: toPlainError(error) });
    }
    return failures;
  },
};

async function readArmored(keys: readonly string[]): Promise<readonly PublicKey[]> {
  const { readKey } = await import("openpgp");
  return Promise.all(keys.map((armoredKey) => readKey({ armoredKey })));
}

async function faultOf(
  host: JobHost,
  file: string,
  keys: readonly PublicKey[] | undefined,
  now: Date,
): Promise<unknown> {
  try {
    if (keys !== undefined) await verifyRpm(host, file, keys, now);
    await checkRpmPayload(host, file);
    return undefined;
  } catch (error) {
    return error;
  }
}
