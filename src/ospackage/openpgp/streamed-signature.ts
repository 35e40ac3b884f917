import { type Hash, constants, createHash, createPublicKey, publicDecrypt } from "node:crypto";
import type { SignaturePacket } from "openpgp";
import { messageOf } from "../../core/index.ts";
import type { KeyPacket, SignatureClaim } from "./judge-signature.ts";
import { type Version3Signature, parseVersion3, splitSignaturePackets } from "./signature-packets.ts";

/** A signature over bytes that pass by once. */
export interface StreamedSignature {
  add(piece: Uint8Array): void;
  /** To be asked once, after the last byte. */
  claim(): SignatureClaim;
}

/** One that nobody here can check, and why. */
export interface UnreadableSignature {
  readonly fault: string;
}

/** Hash algorithms by OpenPGP's numbers: name of node:crypto, bytes of salt in version 6. @see RFC 9580, section 9.5 */
const HASHES: Readonly<Record<number, readonly [string, number]>> = {
  8: ["sha256", 16],
  9: ["sha384", 24],
  10: ["sha512", 32],
  11: ["sha224", 16],
  12: ["sha3-256", 16],
  14: ["sha3-512", 32],
};

/**
 * The signatures of a detached signature that is not armored: version 3 (RSA), 4 and 6.
 *
 * @see RFC 9580, section 5.2; RFC 4880, section 5.2.2
 */
export async function readStreamedSignatures(bytes: Uint8Array): Promise<(StreamedSignature | UnreadableSignature)[]> {
  const packets = splitSignaturePackets(bytes);
  if (typeof packets === "string") return [{ fault: `A signature is damaged: ${packets}` }];
  return Promise.all(
    packets.map(async ({ packet, body }) => {
      if (body[0] !== 3) return readNewer(packet);
      const signature = parseVersion3(body);
      if (typeof signature === "string") return { fault: `A signature is damaged: ${signature}` };
      return streamedVersion3(signature);
    }),
  );
}

async function readNewer(packet: Uint8Array): Promise<StreamedSignature | UnreadableSignature> {
  const { enums, readSignature } = await import("openpgp");
  try {
    const { packets } = await readSignature({ binarySignature: new Uint8Array(packet) });
    const [signature] = packets.filterByTag(enums.packet.signature);
    if (signature === undefined) return { fault: "A signature is of a version or algorithm that is not known here" };
    if (signature.signatureType !== enums.signature.binary) return { fault: "A signature is not over a file" };
    return streamedNewer(signature);
  } catch (error) {
    return { fault: `A signature is damaged: ${messageOf(error)}` };
  }
}

/** What openpgp.js has in its objects and not in its types. */
interface StreamingPacket {
  /** Taken instead of the digest of the text when it is there: how the library itself verifies streams. */
  hashed?: Uint8Array;
  /** Of version 6: hashed before the text. */
  readonly salt?: Uint8Array | null;
}

function streamedNewer(signature: SignaturePacket): StreamedSignature | UnreadableSignature {
  const streaming: StreamingPacket = signature as unknown as StreamingPacket;
  const hash = hashOf(signature.hashAlgorithm ?? 0);
  const salt = streaming.salt ?? new Uint8Array(0);
  if (signature.version === 6 && salt.length !== HASHES[signature.hashAlgorithm ?? 0]?.[1]) {
    return { fault: "A signature is damaged: the length of its salt is wrong" };
  }
  hash?.update(salt);
  const created = signature.created ?? new Date(0);
  return {
    add: (piece) => void hash?.update(piece),
    claim() {
      const hashedPart = signature.signatureData ?? new Uint8Array(0);
      const trailer = Buffer.from([signature.version, 0xff, 0, 0, 0, 0]);
      trailer.writeUInt32BE(hashedPart.length, 2);
      const digest = hash?.update(hashedPart).update(trailer).digest();
      return {
        issuerKeyId: signature.issuerKeyID.toHex().toUpperCase(),
        hashAlgorithm: signature.hashAlgorithm ?? 0,
        created,
        isExpired: (now) => signature.isExpired(now),
        async verify(key) {
          if (digest === undefined) throw new Error("its hash algorithm is not known");
          streaming.hashed = new Uint8Array(digest);
          // At its own time, so that a failure means that it does not fit; when it counts is judged apart.
          await signature.verify(key, signature.signatureType ?? 0, new Uint8Array(0), created, true);
        },
      };
    },
  };
}

function streamedVersion3(signature: Version3Signature): StreamedSignature {
  const hash = hashOf(signature.hashAlgorithm);
  return {
    add: (piece) => void hash?.update(piece),
    claim() {
      const digest = hash?.update(signature.trailer).digest();
      return {
        issuerKeyId: signature.issuerKeyId,
        hashAlgorithm: signature.hashAlgorithm,
        created: new Date(signature.createdSeconds * 1000),
        isExpired: () => false,
        async verify(key) {
          if (digest === undefined) throw new Error("its hash algorithm is not known");
          verifyRsa(signature, digest, key);
        },
      };
    },
  };
}

/** What precedes a digest in what RSA signs, by hash algorithm. @see RFC 8017, section 9.2 */
const DIGEST_INFO: Readonly<Record<number, string>> = {
  8: "3031300d060960864801650304020105000420",
  9: "3041300d060960864801650304020205000430",
  10: "3051300d060960864801650304020305000440",
};

const RSA = 1;
const RSA_SIGN_ONLY = 3;

function verifyRsa(signature: Version3Signature, digest: Buffer, key: KeyPacket): void {
  const prefix = DIGEST_INFO[signature.hashAlgorithm];
  const { n: modulus, e: exponent } = key.publicParams as { readonly n?: Uint8Array; readonly e?: Uint8Array };
  const [number, ...more] = signature.numbers;
  const isRsa = [signature.publicKeyAlgorithm, Number(key.algorithm)].every((id) => id === RSA || id === RSA_SIGN_ONLY);
  if (!isRsa || modulus === undefined || exponent === undefined)
    throw new Error("version 3 is taken from RSA keys only");
  if (prefix === undefined) throw new Error("version 3 is taken with SHA-256, SHA-384 and SHA-512 only");
  if (!digest.subarray(0, 2).equals(signature.digestStart)) throw new Error("the digest is another");
  if (number === undefined || more.length > 0 || number.length > modulus.length)
    throw new Error("its number is damaged");
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "RSA", n: Buffer.from(modulus).toString("base64url"), e: Buffer.from(exponent).toString("base64url") },
  });
  const padded = Buffer.concat([Buffer.alloc(modulus.length - number.length), number]);
  let signed: Buffer;
  try {
    signed = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, padded);
  } catch {
    throw new Error("it is not made by this key");
  }
  if (!signed.equals(Buffer.concat([Buffer.from(prefix, "hex"), digest]))) throw new Error("the digest is another");
}

function hashOf(algorithm: number): Hash | undefined {
  const known = HASHES[algorithm];
  return known === undefined ? undefined : createHash(known[0]);
}
