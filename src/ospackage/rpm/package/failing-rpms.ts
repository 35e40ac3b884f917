import type { PublicKey } from "openpgp";
import { isComposerError } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";
import { inParallel } from "../../store/in-parallel.ts";
import { checkRpmPayload, type RpmReadOptions } from "./unpack-rpm.ts";
import { verifyRpm } from "./verify-rpm.ts";

export interface UncheckedRpm {
  readonly file: string;
  /** Who may have signed it; absent: its signature is not asked for. */
  readonly keys?: readonly PublicKey[];
  /** Its payload was found right before. */
  readonly isPayloadChecked?: boolean;
}

export interface FailingRpm {
  readonly file: string;
  /** As `verifyRpm` and `readRpmEntries` throw it. */
  readonly error: unknown;
}

/**
 * Checks packages before anything of them is unpacked: signature, digests, and that the files of the payload are those of
 * the header and none leads out of a tree.
 *
 * @param now when keys and signatures are judged
 * @param workers how many are read at the same time
 * @returns those that fail, in the given order
 * @throws {INTERRUPTED}
 */
export async function failingRpms(
  host: Pick<Host, "files" | "processes">,
  rpms: readonly UncheckedRpm[],
  now: Date,
  { workers, ...options }: RpmReadOptions & { readonly workers: number },
): Promise<readonly FailingRpm[]> {
  const results = await inParallel(
    rpms,
    workers,
    async ({ file, keys, isPayloadChecked = false }): Promise<FailingRpm | undefined> => {
      try {
        if (keys !== undefined) await verifyRpm(host, file, keys, now, options);
        if (!isPayloadChecked) await checkRpmPayload(host, file, options);
        return undefined;
      } catch (error) {
        if (isComposerError(error, "INTERRUPTED")) throw error;
        return { file, error };
      }
    },
  );
  return results.filter((result) => result !== undefined);
}
