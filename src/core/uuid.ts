import { createHash } from "node:crypto";

/** The namespace of every UUID that this program makes, itself a UUIDv5 of its name under the DNS namespace. */
export const COMPOSER_NAMESPACE = uuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "os-image-composer");

/**
 * A name-based UUID: the same name in the same namespace gives the same UUID.
 *
 * @returns lower-case text form with hyphens
 * @see RFC 9562, section 5.5
 */
export function uuidV5(namespace: string, name: string): string {
  const digest = createHash("sha1").update(uuidBytes(namespace)).update(name, "utf8").digest().subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return formatUuid(digest);
}

/** The 16 bytes of a UUID in network order. */
export function uuidBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

/** The text form of 16 bytes in network order. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
