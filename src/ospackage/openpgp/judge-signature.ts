import type { PublicKey } from "openpgp";
import { messageOf } from "../../core/index.ts";
import { fingerprintOf } from "./trusted-keys.ts";

/** Any public key packet: a primary key or a subkey. */
export type KeyPacket = PublicKey["keyPacket"] | PublicKey["subkeys"][number]["keyPacket"];

/** A signature that was read, of any version. */
export interface SignatureClaim {
  /** 16 hexadecimal digits, upper-case. */
  readonly issuerKeyId: string;
  /** OpenPGP's number. */
  readonly hashAlgorithm: number;
  readonly created: Date;
  readonly isExpired: (now: Date) => boolean;
  /** Ends with an error when the signature is not over the text, or not by this key. */
  readonly verify: (key: KeyPacket) => Promise<void>;
}

/**
 * What a signature is worth. Only "valid" counts; "bad" is by a trusted key and does not fit; `fault` is a sentence for
 * people, without its full stop.
 */
export type SignatureVerdict =
  | { readonly kind: "valid"; readonly fingerprint: string }
  | { readonly kind: "unknown-key" | "weak" | "untimely" | "unusable-key" | "bad"; readonly fault: string };

/**
 * Judges one signature by the trusted keys and their signing subkeys. Expiry and revocation are judged at `now`, not at
 * the time of signing.
 *
 * @param validAt a time at which it may have counted as well: what expired since then, and since it was made, does; what
 * was revoked does not
 * @see RFC 9580
 */
export async function judgeSignature(
  signature: SignatureClaim,
  keys: readonly PublicKey[],
  now: Date,
  validAt?: Date,
): Promise<SignatureVerdict> {
  const keyId = signature.issuerKeyId;
  const issuers = keys.flatMap((key) =>
    key
      .getKeys()
      .filter((candidate) => candidate.getKeyID().toHex().toUpperCase() === keyId)
      .map(({ keyPacket }) => ({ key, keyPacket })),
  );
  if (issuers.length === 0) {
    return { kind: "unknown-key", fault: `The signature by ${keyId} is by a key that is not trusted here` };
  }
  const weakHash = WEAK_HASHES[signature.hashAlgorithm];
  if (weakHash !== undefined) {
    return { kind: "weak", fault: `The signature by ${keyId} is made with ${weakHash}, which can be forged` };
  }

  let fault = "";
  for (const { key, keyPacket } of issuers) {
    const fingerprint = fingerprintOf(key);
    try {
      await signature.verify(keyPacket);
    } catch (error) {
      fault = `its signature by ${fingerprint} does not fit: ${messageOf(error)}`;
      continue;
    }
    const about = `The signature by ${fingerprint} does not count: `;
    const judge = async (moment: Date): Promise<SignatureVerdict> => {
      const untimely = whyUntimely(signature, keyPacket, now, moment);
      if (untimely !== undefined) return { kind: "untimely", fault: about + untimely };
      const unusable = await whyUnusable(keyPacket, key, moment);
      return unusable === undefined
        ? { kind: "valid", fingerprint }
        : { kind: "unusable-key", fault: about + unusable };
    };
    const verdict = await judge(now);
    if (verdict.kind === "valid" || validAt === undefined || (await isRevoked(keyPacket, key, now))) return verdict;
    const before = await judge(earlier(now, later(validAt, signature.created)));
    return before.kind === "valid" ? before : verdict;
  }
  return { kind: "bad", fault };
}

/** The keys that would have counted, as the last of an error's details. */
export function trustedText(keys: readonly PublicKey[]): string[] {
  return keys.length === 0 ? [] : [`Trusted here: ${keys.map(fingerprintOf).join(", ")}`];
}

/** @see RFC 9580, section 9.5 */
const WEAK_HASHES: Readonly<Record<number, string>> = { 1: "MD5", 2: "SHA-1", 3: "RIPEMD-160" };

function whyUntimely(
  { created, isExpired }: SignatureClaim,
  issuer: KeyPacket,
  now: Date,
  moment: Date,
): string | undefined {
  if (created > now) return `it is of ${created.toISOString()}, which is in the future (is the clock right?)`;
  if (isExpired(moment)) return "it is expired";
  return issuer.getCreationTime() > created ? "it is older than its key" : undefined;
}

async function isRevoked(issuer: KeyPacket, key: PublicKey, now: Date): Promise<boolean> {
  if (await key.isRevoked(undefined, undefined, now)) return true;
  return key.getSubkeys(issuer.getKeyID()).some(({ revocationSignatures }) => revocationSignatures.length > 0);
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);
const later = (a: Date, b: Date): Date => (a > b ? a : b);

async function whyUnusable(issuer: KeyPacket, key: PublicKey, moment: Date): Promise<string | undefined> {
  try {
    await key.getSigningKey(issuer.getKeyID(), moment);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
