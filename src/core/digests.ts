import { createHash } from "node:crypto";

declare const sha256Brand: unique symbol;
/** 64 lower-case hexadecimal digits. */
export type Sha256Hex = string & { readonly [sha256Brand]: true };

/** @returns undefined when the text is not 64 hexadecimal digits */
export function parseSha256(text: string): Sha256Hex | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? (text.toLowerCase() as Sha256Hex) : undefined;
}

export function sha256(content: string | Uint8Array): Sha256Hex {
  return createHash("sha256").update(content).digest("hex") as Sha256Hex;
}

/** A digest that is fed piece by piece. */
export interface Sha256Stream {
  update(chunk: string | Uint8Array): void;
  digest(): Sha256Hex;
}

export function createSha256(): Sha256Stream {
  const hash = createHash("sha256");
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => hash.digest("hex") as Sha256Hex,
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
