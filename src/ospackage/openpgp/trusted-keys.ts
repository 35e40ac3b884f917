import type { PublicKey } from "openpgp";
import { ComposerError, formatSize, messageOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** A key file and the fingerprints that it is trusted for. */
export interface TrustedKeyFile {
  readonly file: string;
  /** Fingerprints of *primary* keys, 40 or 64 upper-case hexadecimal digits; every other key in the file is ignored. Empty: every key of the file, for keys that a user names. */
  readonly fingerprints: readonly string[];
}

const MAX_KEY_FILE_BYTES = 4 * 1024 * 1024;
const MAX_KEYS = 200;
const ARMORED_BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[^]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * The primary keys that may vouch for a repository.
 *
 * Keys may be expired or revoked: that is judged when a signature by them is.
 *
 * @throws {REPOSITORY_KEY_INVALID} a file holds no keys, or lacks a pinned one
 * @throws {HOST_FILE_UNREADABLE}
 */
export async function readTrustedKeys(
  host: Pick<Host, "files">,
  keyFiles: readonly TrustedKeyFile[],
): Promise<readonly PublicKey[]> {
  const trusted: PublicKey[] = [];
  for (const { file, fingerprints } of keyFiles) {
    const keys = await readKeyFile(host, file);
    const pinned = fingerprints.map((fingerprint) => fingerprint.replaceAll(/\s/g, "").toUpperCase());
    for (const fingerprint of pinned) {
      if (keys.some((key) => fingerprintOf(key) === fingerprint)) continue;
      throw new ComposerError("REPOSITORY_KEY_INVALID", `Cannot trust "${file}": it has no primary key ${fingerprint}`);
    }
    trusted.push(...keys.filter((key) => pinned.length === 0 || pinned.includes(fingerprintOf(key))));
  }
  return trusted;
}

/** 40 or 64 upper-case hexadecimal digits. */
export function fingerprintOf(key: PublicKey): string {
  return key.getFingerprint().toUpperCase();
}

async function readKeyFile(host: Pick<Host, "files">, file: string): Promise<readonly PublicKey[]> {
  const refuse = (state: string, cause?: unknown): ComposerError =>
    new ComposerError("REPOSITORY_KEY_INVALID", `Cannot read the key file "${file}": ${state}`, {
      hint: "Give OpenPGP public keys, armored or binary",
      cause,
    });
  const stat = await host.files.stat(file);
  if (stat !== undefined && stat.sizeBytes > MAX_KEY_FILE_BYTES) throw refuse(`it has ${formatSize(stat.sizeBytes)}`);
  const bytes = await host.files.readBytes(file);
  const { readKeys } = await import("openpgp");
  const blocks = Buffer.from(bytes).toString("latin1").match(ARMORED_BLOCK);
  try {
    const keys =
      blocks === null
        ? await readKeys({ binaryKeys: new Uint8Array(bytes) })
        : (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat();
    if (keys.length > MAX_KEYS) throw refuse(`it has more than ${MAX_KEYS} keys`);
    return keys;
  } catch (error) {
    if (error instanceof ComposerError) throw error;
    throw refuse(messageOf(error), error);
  }
}
