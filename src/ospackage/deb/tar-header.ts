/** The types of entries that archives of packages have, or try to have. */
export type TarEntryType = "file" | "hardlink" | "symlink" | "character-device" | "block-device" | "directory" | "fifo";

/** What a header block says, before extensions of earlier blocks are applied. */
export interface TarHeader {
  readonly name: string;
  /** The raw type flag, for example "0", "x" or "L". */
  readonly typeFlag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly linkName: string;
}

export const BLOCK_BYTES = 512;

export const TYPE_OF_FLAG: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};

/**
 * Reads a header block: ustar, GNU and the older format.
 *
 * @returns what is wrong with it, in words, when it is no header
 * @see POSIX.1-2024, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format"
 */
export function parseTarHeader(bytes: Uint8Array): TarHeader | string {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (numberAt(block, 148, 8) !== checksumOf(block)) return "its checksum is wrong";
  const [mode, uid, gid] = [numberAt(block, 100, 8), numberAt(block, 108, 8), numberAt(block, 116, 8)];
  const [sizeBytes, mtimeSeconds] = [numberAt(block, 124, 12), numberAt(block, 136, 12)];
  const numbers = { mode, uid, gid, sizeBytes };
  if (Object.values(numbers).some((value) => value < 0 || !Number.isSafeInteger(value)))
    return "a number in it is wrong";
  if (!Number.isSafeInteger(mtimeSeconds)) return "its time is wrong";
  const [name, linkName] = [textAt(block, 0, 100), textAt(block, 157, 100)];
  // GNU's own magic is followed by a space: there the place of the prefix has other fields.
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textAt(block, 345, 155) : "";
  if (name === undefined || linkName === undefined || prefix === undefined) return "its name is not UTF-8";
  return {
    ...numbers,
    mode: mode & 0o7777,
    mtimeSeconds,
    typeFlag: String.fromCharCode(block.readUInt8(156)),
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName,
  };
}

/** Text up to the first NUL; undefined when it is not UTF-8. */
export function tarText(bytes: Uint8Array): string | undefined {
  return textAt(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textAt(block: Buffer, offset: number, lengthBytes: number): string | undefined {
  const field = block.subarray(offset, offset + lengthBytes);
  const end = field.indexOf(0);
  const text = end === -1 ? field : field.subarray(0, end);
  try {
    return strictUtf8.decode(text);
  } catch {
    return undefined;
  }
}

/** An octal number, or GNU's base 256 when the top bit is set; NaN when it is neither. */
function numberAt(block: Buffer, offset: number, lengthBytes: number): number {
  const first = block.readUInt8(offset);
  if ((first & 0x80) !== 0) {
    let value = (first & 0x40) === 0 ? first & 0x3f : (first & 0x3f) - 0x40;
    for (let at = offset + 1; at < offset + lengthBytes; at += 1) value = value * 256 + block.readUInt8(at);
    return value;
  }
  const text = block.toString("latin1", offset, offset + lengthBytes);
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  return digits === undefined ? Number.NaN : digits === "" ? 0 : Number.parseInt(digits, 8);
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at += 1) sum += block[at] ?? 0;
  for (let at = 156; at < BLOCK_BYTES; at += 1) sum += block[at] ?? 0;
  return sum;
}
