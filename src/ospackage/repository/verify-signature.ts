import type { SignaturePacket } from "openpgp";
import { ComposerError, type ErrorCode, messageOf } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type SignatureClaim, type SignatureVerdict, judgeSignature, trustedText } from "../openpgp/judge-signature.ts";
import { type TrustedKeyFile, readTrustedKeys } from "../openpgp/trusted-keys.ts";
import { splitCleartext } from "./cleartext.ts";

/** Metadata with its signature: one InRelease, or a Release with its Release.gpg. */
export type SignedMetadata =
  | { readonly kind: "cleartext"; readonly content: Uint8Array }
  | {
      readonly kind: "detached";
      readonly content: Uint8Array;
      /** Empty when there is none. */
      readonly signature: Uint8Array;
    };

/** What a signature vouches for. */
export interface VerifiedText {
  /** The text that was signed; nothing else of the file may be used. */
  readonly text: string;
  /** Fingerprint of the primary key, upper-case. */
  readonly signedBy: string;
}

const MAX_SIGNATURES = 32;

/**
 * Verifies metadata against the pinned primary keys of a repository.
 *
 * One valid signature by an unexpired, unrevoked pinned key (or a signing subkey of it) suffices and signatures by other
 * keys are ignored, but a signature by a pinned key that does not fit the text is an error. Expiry is judged now, not at
 * the time of signing.
 *
 * @param object what is verified, for messages: `"http://…/InRelease"`
 * @throws {REPOSITORY_SIGNATURE_MISSING} there is no signature
 * @throws {REPOSITORY_SIGNATURE_INVALID} a signature by a pinned key does not fit, or all that there are are weak or expired
 * @throws {REPOSITORY_KEY_UNKNOWN} all signatures are by other keys
 * @throws {REPOSITORY_KEY_UNUSABLE} the pinned key is expired or revoked
 * @throws {REPOSITORY_KEY_INVALID} a key file is not usable
 * @see RFC 9580
 */
export async function verifySignature(
  host: Pick<Host, "files" | "clock">,
  metadata: SignedMetadata,
  keyFiles: readonly TrustedKeyFile[],
  object: string,
): Promise<VerifiedText> {
  const { text, signed, signatures } = await readSignatures(metadata, object);
  const keys = await readTrustedKeys(host, keyFiles);
  const verdicts: SignatureVerdict[] = [];
  for (const signature of signatures) {
    const verdict = await judgeSignature(claimOf(signature, signed), keys, new Date(host.clock.nowMs()));
    if (verdict.kind === "bad") throw invalid(object, verdict.fault);
    verdicts.push(verdict);
  }
  const valid = verdicts.find((verdict) => verdict.kind === "valid");
  if (valid !== undefined) return { text, signedBy: valid.fingerprint };
  throw notTrusted(object, verdicts, trustedText(keys));
}

/** No signature counts: the one that was nearest to it tells why. */
function notTrusted(object: string, verdicts: readonly SignatureVerdict[], trusted: readonly string[]): ComposerError {
  const details = [...verdicts.flatMap((verdict) => ("fault" in verdict ? verdict.fault : [])), ...trusted];
  const has = (kind: SignatureVerdict["kind"]): boolean => verdicts.some((verdict) => verdict.kind === kind);
  const refuse = (code: ErrorCode, state: string, hint: string): ComposerError =>
    new ComposerError(code, `Cannot trust ${object}: ${state}`, { hint, details });
  if (has("unusable-key")) {
    const hint =
      "Fetch the current key of whoever runs the repository, compare its fingerprint with a source that you trust, and name it";
    return refuse("REPOSITORY_KEY_UNUSABLE", "the key that signed it is expired, revoked or not for signing", hint);
  }
  if (has("weak") || has("untimely")) {
    const hint = "Try again later, or use another mirror; tell whoever runs the repository";
    return refuse("REPOSITORY_SIGNATURE_INVALID", "no signature of it counts", hint);
  }
  const hint =
    'Check the repository\'s address; when its keys are not the provider\'s, name them: "mirrors" of the configuration file, or "pkey" of the template';
  return refuse("REPOSITORY_KEY_UNKNOWN", "no signature is by a key that is trusted for this repository", hint);
}

/** The text of metadata whose signature nobody checks: for repositories with checks switched off. */
export function unverifiedText(metadata: SignedMetadata, object: string): string {
  const text = decode(metadata.content, object);
  if (metadata.kind === "detached" || !text.startsWith("-----BEGIN PGP ")) return text;
  const parts = splitCleartext(text);
  if (typeof parts === "string") throw invalid(object, parts);
  return parts.text;
}

interface ReadSignatures {
  readonly text: string;
  /** The literal packet that signatures are checked against. */
  readonly signed: object;
  readonly signatures: readonly SignaturePacket[];
}

async function readSignatures(metadata: SignedMetadata, object: string): Promise<ReadSignatures> {
  const { createMessage, enums, readSignature } = await import("openpgp");
  const whole = decode(metadata.content, object);
  const readPackets = async (signature: string | Uint8Array): Promise<readonly SignaturePacket[]> => {
    try {
      const { packets } = await (typeof signature === "string"
        ? readSignature({ armoredSignature: signature })
        : readSignature({ binarySignature: new Uint8Array(signature) }));
      return packets.filterByTag(enums.packet.signature);
    } catch (error) {
      throw invalid(object, `its signature is damaged (${messageOf(error)})`, error);
    }
  };
  const complete = async (
    text: string,
    content: Uint8Array,
    signature: string | Uint8Array,
    types: readonly number[],
  ) => {
    const [signed] = (await createMessage({ binary: new Uint8Array(content) })).packets;
    const signatures = (await readPackets(signature)).filter(
      ({ signatureType }) => signatureType !== null && types.includes(signatureType),
    );
    if (signatures.length === 0 || signed === undefined) throw missing(object);
    if (signatures.length > MAX_SIGNATURES) throw invalid(object, `it has more than ${MAX_SIGNATURES} signatures`);
    return { text, signed, signatures };
  };

  if (metadata.kind === "detached") {
    if (metadata.signature.length === 0) throw missing(object);
    const { binary, text } = enums.signature;
    const armored = Buffer.from(metadata.signature).toString("latin1");
    const signature = armored.trimStart().startsWith("-----") ? armored : metadata.signature;
    return complete(whole, metadata.content, signature, [binary, text]);
  }
  if (!whole.includes("-----BEGIN PGP ")) throw missing(object);
  const parts = splitCleartext(whole);
  if (typeof parts === "string") throw invalid(object, parts);
  const { text, armoredSignature } = parts;
  return complete(text, Buffer.from(text, "utf8"), armoredSignature, [enums.signature.text]);
}

function claimOf(signature: SignaturePacket, signed: object): SignatureClaim {
  const created = signature.created ?? new Date(0);
  return {
    issuerKeyId: signature.issuerKeyID.toHex().toUpperCase(),
    hashAlgorithm: signature.hashAlgorithm ?? 0,
    created,
    isExpired: (now) => signature.isExpired(now),
    // At its own time, so that a failure means that it does not fit; when it counts is judged apart.
    verify: (key) => signature.verify(key, signature.signatureType ?? 0, signed, created, true),
  };
}

function decode(bytes: Uint8Array, object: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot read ${object}: it is no UTF-8 text`, {
      cause: error,
    });
  }
}

function missing(object: string): ComposerError {
  return new ComposerError("REPOSITORY_SIGNATURE_MISSING", `Cannot trust ${object}: it has no signature`, {
    hint: "Choose a signed mirror; for a repository of the template, \"pkey: '[trusted=yes]'\" switches checks off",
  });
}

function invalid(object: string, state: string, cause?: unknown): ComposerError {
  return new ComposerError("REPOSITORY_SIGNATURE_INVALID", `Cannot trust ${object}: ${state}`, {
    hint: "The file was changed on the way or on the server; try again later or use another mirror",
    ...(cause === undefined ? {} : { cause }),
  });
}
