import { createHash } from "node:crypto";
import type { PublicKey } from "openpgp";
import { ComposerError, type Sha256Hex } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";
import {
  type SignatureVerdict,
  type StreamedSignature,
  type UnreadableSignature,
  judgeSignature,
  trustedText,
} from "../../openpgp/index.ts";
import { type OpenRpm, openRpm } from "./open-rpm.ts";
import { type PayloadCheck, createPayloadCheck, digestMismatch } from "./payload-digest.ts";
import { type RpmPackageFile, describeRpm } from "./read-rpm-package.ts";
import { type RpmHeader, parseRpmHeader } from "./rpm-header.ts";
import { readRpmSignatures } from "./rpm-signatures.ts";
import { SIGNATURE_TAG } from "./rpm-tags.ts";

type VerifyHost = Pick<Host, "files">;

export interface VerifiedRpm {
  /** From the very bytes that were verified. */
  readonly rpm: RpmPackageFile;
  /** Fingerprint of the primary key, upper-case. */
  readonly signedBy: string;
}

/**
 * Verifies a package against the keys of its repository, reading it once.
 *
 * One valid signature by an unexpired, unrevoked key (or a signing subkey of it) suffices if it is over header and
 * payload, or over a header that has the payload's digest. Signatures by other keys are ignored, but one by a trusted
 * key that does not fit is an error. The digests that the package has of itself must fit, too; MD5 and SHA-1 are not
 * looked at.
 *
 * @param keys from `readTrustedKeys`
 * @param now when keys and signatures are judged
 * @param options.validAt a time at which they may have counted as well: what expired since then does
 * @throws {PACKAGE_SIGNATURE_MISSING} nothing signed says anything about the payload
 * @throws {PACKAGE_SIGNATURE_INVALID} a signature by a trusted key does not fit, or all that there are are weak or expired
 * @throws {PACKAGE_KEY_UNKNOWN} all signatures are by other keys
 * @throws {PACKAGE_KEY_UNUSABLE} the key is expired or revoked
 * @throws {PACKAGE_HEADER_MISMATCH} @throws {PACKAGE_DIGEST_MISMATCH} header or payload are not what the package's own
 * digests say
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} @throws {HOST_FILE_UNREADABLE} @throws {INTERRUPTED}
 * @see rpm.org, "Signatures and Digests"
 */
export async function verifyRpm(
  host: VerifyHost,
  file: string,
  keys: readonly PublicKey[],
  now: Date,
  options: { readonly signal?: AbortSignal; readonly validAt?: Date } = {},
): Promise<VerifiedRpm> {
  const object = `"${file}"`;
  return withOpenRpm(host.files.readStream(file), object, async (open) => {
    checkHeaderDigests(open, object);
    const { overHeader, overHeaderAndPayload } = await readRpmSignatures(open.signatures);
    const judge = async (signature: StreamedSignature | UnreadableSignature): Promise<Verdict> => {
      if ("fault" in signature) return { kind: "unreadable", fault: signature.fault };
      const verdict = await judgeSignature(signature.claim(), keys, now, options.validAt);
      if (verdict.kind === "bad") throw untrusted("PACKAGE_SIGNATURE_INVALID", object, verdict.fault, [], CHANGED);
      return verdict;
    };
    for (const signature of [...overHeader, ...overHeaderAndPayload]) {
      if ("add" in signature) signature.add(open.headerBytes);
    }
    const ofHeader: Verdict[] = [];
    for (const signature of overHeader) ofHeader.push(await judge(signature));
    const headerSigner = signerOf(ofHeader);
    const whole = overHeaderAndPayload.filter((signature) => "add" in signature);
    if (headerSigner === undefined && whole.length === 0) {
      for (const signature of overHeaderAndPayload) ofHeader.push(await judge(signature));
      throw notTrusted(ofHeader, keys, object);
    }

    // Of a header that nobody vouches for yet, nothing but the digest of the payload is decoded.
    const header = parseRpmHeader(open.headerBytes, "immutable", object);
    const check = await passPayload(open, header, object, options.signal, (piece) => {
      for (const signature of whole) signature.add(piece);
    });
    const ofAll: Verdict[] = [];
    for (const signature of overHeaderAndPayload) ofAll.push(await judge(signature));
    const signedBy = signerOf(ofAll) ?? (check.digest === undefined ? undefined : headerSigner);
    if (signedBy !== undefined) return { rpm: describeRpm(header, object), signedBy };
    if (headerSigner === undefined) throw notTrusted([...ofHeader, ...ofAll], keys, object);
    const state = "its signature is over its header only, and that has no digest of the payload";
    throw untrusted("PACKAGE_SIGNATURE_MISSING", object, state, [], UNSIGNED);
  });
}

/** What was checked, all of it from one reading of the file. */
export interface CheckedRpm {
  readonly rpm: RpmPackageFile;
  /** Of the whole file. */
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
}

/**
 * Checks a package against the digests that it has of itself, reading it once: what is left when a repository's
 * signatures are not to be checked. It proves that the file is whole, not who made it.
 *
 * @throws {PACKAGE_HEADER_MISMATCH} @throws {PACKAGE_DIGEST_MISMATCH}
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_TOO_LARGE} @throws {HOST_FILE_UNREADABLE} @throws {INTERRUPTED}
 */
export async function checkRpm(
  host: VerifyHost,
  file: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<CheckedRpm> {
  const object = `"${file}"`;
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of host.files.readStream(file)) {
      hash.update(piece);
      sizeBytes += piece.length;
      yield piece;
    }
  };
  return withOpenRpm(source(), object, async (open) => {
    checkHeaderDigests(open, object);
    const header = parseRpmHeader(open.headerBytes, "immutable", object);
    const rpm = describeRpm(header, object);
    await passPayload(open, header, object, options.signal, () => undefined);
    return { rpm, sha256: hash.digest("hex") as Sha256Hex, sizeBytes };
  });
}

async function withOpenRpm<T>(
  source: AsyncIterable<Uint8Array>,
  object: string,
  action: (open: OpenRpm) => Promise<T>,
): Promise<T> {
  const open = await openRpm(source, object);
  try {
    return await action(open);
  } finally {
    await open.reader.close();
  }
}

function checkHeaderDigests({ signatures, headerBytes }: OpenRpm, object: string): void {
  const digests = [
    ["sha256", signatures.string(SIGNATURE_TAG.sha256Header)],
    ["sha3-256", signatures.string(SIGNATURE_TAG.sha3Header)],
  ] as const;
  for (const [algorithm, expected] of digests) {
    if (expected === undefined) continue;
    const found = createHash(algorithm).update(headerBytes).digest("hex");
    if (found !== expected.toLowerCase()) throw digestMismatch(object, "header");
  }
}

/** Reads the payload to the end of the file and compares it with the header. */
async function passPayload(
  { signatures, headerBytes, reader }: OpenRpm,
  header: RpmHeader,
  object: string,
  signal: AbortSignal | undefined,
  onPiece: (piece: Uint8Array) => void,
): Promise<PayloadCheck> {
  const check = createPayloadCheck(header, object);
  const start = reader.offset;
  for await (const piece of reader.rest()) {
    if (signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    check.add(piece);
    onPiece(piece);
  }
  const sizeBytes = headerBytes.length + reader.offset - start;
  const declaredBytes = signatures.number(SIGNATURE_TAG.longSize) ?? signatures.number(SIGNATURE_TAG.size);
  if (declaredBytes !== undefined && declaredBytes !== sizeBytes) {
    const state = `header and payload have ${sizeBytes} bytes instead of ${declaredBytes}`;
    throw new ComposerError("PACKAGE_DIGEST_MISMATCH", `Cannot use ${object}: ${state}`, {
      hint: "It was copied or downloaded only in part: fetch it again",
    });
  }
  check.finish();
  return check;
}

type Verdict = SignatureVerdict | { readonly kind: "unreadable"; readonly fault: string };

function signerOf(verdicts: readonly Verdict[]): string | undefined {
  for (const verdict of verdicts) if (verdict.kind === "valid") return verdict.fingerprint;
  return undefined;
}

const CHANGED = "The file was changed after it was signed; use another mirror, and tell whoever runs the repository";
const UNSIGNED = 'For a repository of your own, sign its packages, or switch its checks off: pkey: "[trusted=yes]"';

/** None of the signatures counts: the one that was nearest to it tells why. */
function notTrusted(verdicts: readonly Verdict[], keys: readonly PublicKey[], object: string): ComposerError {
  if (verdicts.length === 0) return untrusted("PACKAGE_SIGNATURE_MISSING", object, "it is not signed", [], UNSIGNED);
  const details = [...verdicts.flatMap((verdict) => ("fault" in verdict ? verdict.fault : [])), ...trustedText(keys)];
  const has = (...kinds: readonly Verdict["kind"][]): boolean => verdicts.some(({ kind }) => kinds.includes(kind));
  if (has("unusable-key")) {
    const hint =
      "Fetch the current key of the vendor, compare its fingerprint with a source that you trust, and name it";
    return untrusted(
      "PACKAGE_KEY_UNUSABLE",
      object,
      "the key that signed it is expired, revoked or not for signing",
      details,
      hint,
    );
  }
  if (has("weak", "untimely", "unreadable")) {
    return untrusted("PACKAGE_SIGNATURE_INVALID", object, "no signature of it counts", details, CHANGED);
  }
  const hint = 'Check the repository\'s address; when other keys sign its packages, name them: "pkey" of the template';
  return untrusted(
    "PACKAGE_KEY_UNKNOWN",
    object,
    "no signature is by a key that is trusted for its repository",
    details,
    hint,
  );
}

function untrusted(
  code: "PACKAGE_SIGNATURE_MISSING" | "PACKAGE_SIGNATURE_INVALID" | "PACKAGE_KEY_UNKNOWN" | "PACKAGE_KEY_UNUSABLE",
  object: string,
  state: string,
  details: readonly string[],
  hint: string,
): ComposerError {
  return new ComposerError(code, `Cannot trust ${object}: ${state}`, { hint, details });
}
