import { createHash } from "node:crypto";

declare const fileDigestBrand: unique symbol;
/** Lower-case hexadecimal digits of SHA-256, SHA-384 or SHA-512: their number says which. */
export type FileDigest = string & { readonly [fileDigestBrand]: true };

declare const sha256Brand: unique symbol;
/** 64 lower-case hexadecimal digits. */
export type Sha256Hex = FileDigest & { readonly [sha256Brand]: true };

export type DigestAlgorithm = "sha256" | "sha384" | "sha512";

const DIGITS: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** @returns undefined when the text is no digest of the algorithm */
export function parseDigest(text: string, algorithm: DigestAlgorithm): FileDigest | undefined {
  return text.length === DIGITS[algorithm] && /^[0-9a-f]*$/i.test(text)
    ? (text.toLowerCase() as FileDigest)
    : undefined;
}

/** @returns undefined when the text is no digest at all */
export function parseFileDigest(text: string): FileDigest | undefined {
  return parseDigest(text, "sha256") ?? parseDigest(text, "sha384") ?? parseDigest(text, "sha512");
}

export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(DIGITS, name);
}

/** What made a digest. */
export function algorithmOf(digest: FileDigest): DigestAlgorithm {
  return digest.length === DIGITS.sha256 ? "sha256" : digest.length === DIGITS.sha384 ? "sha384" : "sha512";
}

export function isSha256(digest: FileDigest): digest is Sha256Hex {
  return algorithmOf(digest) === "sha256";
}

/** @returns undefined when the text is not 64 hexadecimal digits */
export function parseSha256(text: string): Sha256Hex | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? (text.toLowerCase() as Sha256Hex) : undefined;
}

export function sha256(content: string | Uint8Array): Sha256Hex {
  return createHash("sha256").update(content).digest("hex") as Sha256Hex;
}

/** A digest that is fed piece by piece. */
export interface DigestStream<Digest extends FileDigest = FileDigest> {
  update(chunk: string | Uint8Array): void;
  digest(): Digest;
}

export function createSha256(): DigestStream<Sha256Hex> {
  const hash = createHash("sha256");
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => hash.digest("hex") as Sha256Hex,
  };
}

export function createDigest(algorithm: DigestAlgorithm): DigestStream {
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => hash.digest("hex") as FileDigest,
  };
}

/** JSON values, as keys and evidence are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** JSON text with the members of every object in code unit order and absent members left out: equal values, equal text. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort(compareCodeUnits)
    .flatMap((key) => {
      const member = value[key];
      return member === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(member)}`];
    });
  return `{${members.join(",")}}`;
}

/** The key of a JSON value: the digest of its canonical text. */
export function keyOf(value: Json): Sha256Hex {
  return sha256(canonicalJson(value));
}

/** Orders strings by code unit, which no locale changes. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isJsonArray(value: readonly Json[] | { readonly [key: string]: Json | undefined }): value is readonly Json[] {
  return Array.isArray(value);
}
