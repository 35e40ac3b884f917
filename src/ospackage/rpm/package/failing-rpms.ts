import type { PublicKey } from "openpgp";
import { ComposerError, isComposerError } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";
import { inParallel } from "../../store/in-parallel.ts";
import { formatVersion, type RpmPackageFile, readRpmPackage } from "./read-rpm-package.ts";
import { checkRpmPayload, type RpmReadOptions } from "./unpack-rpm.ts";
import { verifyRpm } from "./verify-rpm.ts";

export interface UncheckedRpm {
  readonly file: string;
  /** Who may have signed it; absent: its signature is not asked for. */
  readonly keys?: readonly PublicKey[];
  /** A time at which its signature may have counted as well: what expired since then does. */
  readonly validAt?: Date;
  /** Its payload was found right before. */
  readonly isPayloadChecked?: boolean;
  /** What it is chosen for; absent: whatever it is. */
  readonly expected?: RpmIdentity;
}

/** What makes two packages the same one. */
export interface RpmIdentity {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
}

export interface FailingRpm {
  readonly file: string;
  /** As `verifyRpm` and `readRpmEntries` throw it. */
  readonly error: unknown;
}

/**
 * Checks packages before anything of them is unpacked: signature, digests, that they are what they are chosen for, and that
 * the files of the payload are those of the header and none leads out of a tree.
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
    async ({ file, keys, validAt, isPayloadChecked = false, expected }): Promise<FailingRpm | undefined> => {
      try {
        const judging = { ...options, ...(validAt === undefined ? {} : { validAt }) };
        const rpm =
          keys === undefined ? await readRpmPackage(host, file) : (await verifyRpm(host, file, keys, now, judging)).rpm;
        if (expected !== undefined) requireIdentity(rpm, expected, file);
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

/** Signed metadata are not the rule: without this, whoever serves them could pass one package of a signer as another. */
function requireIdentity(rpm: RpmPackageFile, expected: RpmIdentity, file: string): void {
  const found = formatIdentity({ ...rpm, version: formatVersion(rpm) });
  if (found === formatIdentity(expected)) return;
  const message = `Cannot use "${file}": it is ${found}, not ${formatIdentity(expected)} as its repository, or the lock, says`;
  throw new ComposerError("PACKAGE_IDENTITY_MISMATCH", message, {
    hint: "Use another mirror, and tell whoever runs the repository",
  });
}

function formatIdentity({ name, version, architecture }: RpmIdentity): string {
  return `${name}-${version}.${architecture}`;
}
