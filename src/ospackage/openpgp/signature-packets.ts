/** The body of one signature packet: what is in it before its version is looked at. */
export interface SignaturePacketBytes {
  /** Header and body. */
  readonly packet: Uint8Array;
  readonly body: Uint8Array;
}

const SIGNATURE = 2;
const MAX_PACKETS = 32;

/**
 * Takes a detached signature that is not armored apart: packets of definite length, signatures only.
 *
 * @returns what is wrong with it, in words, when it is no such thing
 * @see RFC 9580, section 4.2
 */
export function splitSignaturePackets(bytes: Uint8Array): readonly SignaturePacketBytes[] | string {
  const packets: SignaturePacketBytes[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const first = bytes[offset] ?? 0;
    if ((first & 0x80) === 0) return "there is no packet header";
    const isNew = (first & 0x40) !== 0;
    const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f;
    if (tag !== SIGNATURE) return `it has a packet of type ${tag}`;
    const length = isNew ? newLength(bytes, offset + 1) : oldLength(bytes, offset + 1, first & 3);
    if (length === undefined) return "the length of a packet is not definite";
    const end = length.bodyStart + length.bodyBytes;
    if (end > bytes.length) return "a packet ends early";
    packets.push({ packet: bytes.subarray(offset, end), body: bytes.subarray(length.bodyStart, end) });
    if (packets.length > MAX_PACKETS) return `it has more than ${MAX_PACKETS} packets`;
    offset = end;
  }
  return packets;
}

/** A version 3 signature. @see RFC 4880, section 5.2.2 */
export interface Version3Signature {
  readonly createdSeconds: number;
  /** 16 hexadecimal digits, upper-case. */
  readonly issuerKeyId: string;
  readonly publicKeyAlgorithm: number;
  readonly hashAlgorithm: number;
  /** What is hashed after the text: type and time. */
  readonly trailer: Uint8Array;
  /** The first two bytes of the digest. */
  readonly digestStart: Uint8Array;
  /** The numbers of the signature, big-endian without leading zeros. */
  readonly numbers: readonly Uint8Array[];
}

const BINARY_DOCUMENT = 0;
const HASHED_BYTES = 5;
const FIXED_BYTES = 19;

/** @returns what is wrong with it, in words, when it is no version 3 signature over a binary document */
export function parseVersion3(body: Uint8Array): Version3Signature | string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  if (bytes.length < FIXED_BYTES || bytes[0] !== 3 || bytes[1] !== HASHED_BYTES)
    return "its fields are not those of version 3";
  if (bytes[2] !== BINARY_DOCUMENT) return `it is of type ${bytes[2]}`;
  const numbers: Uint8Array[] = [];
  for (let offset = FIXED_BYTES; offset < bytes.length;) {
    if (offset + 2 > bytes.length) return "a number of it ends early";
    const end = offset + 2 + Math.ceil(bytes.readUInt16BE(offset) / 8);
    if (end > bytes.length) return "a number of it ends early";
    numbers.push(bytes.subarray(offset + 2, end));
    offset = end;
  }
  return {
    createdSeconds: bytes.readUInt32BE(3),
    issuerKeyId: bytes.toString("hex", 7, 15).toUpperCase(),
    publicKeyAlgorithm: bytes.readUInt8(15),
    hashAlgorithm: bytes.readUInt8(16),
    trailer: bytes.subarray(2, 7),
    digestStart: bytes.subarray(17, 19),
    numbers,
  };
}

interface Length {
  readonly bodyStart: number;
  readonly bodyBytes: number;
}

function newLength(bytes: Uint8Array, offset: number): Length | undefined {
  const [first = 0xe0, second = 0] = bytes.subarray(offset, offset + 2);
  if (first < 192) return { bodyStart: offset + 1, bodyBytes: first };
  if (first < 224) return { bodyStart: offset + 2, bodyBytes: (first - 192) * 256 + second + 192 };
  return first === 255 ? oldLength(bytes, offset + 1, 2) : undefined;
}

/** One, two or four bytes, as the type says. */
function oldLength(bytes: Uint8Array, offset: number, type: number): Length | undefined {
  const lengthBytes = [1, 2, 4][type];
  if (lengthBytes === undefined || offset + lengthBytes > bytes.length) return undefined;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bodyStart: offset + lengthBytes, bodyBytes: all.readUIntBE(offset, lengthBytes) };
}
