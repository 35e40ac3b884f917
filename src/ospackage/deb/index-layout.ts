/** The parts of a compact index, in their order. Numbers are unsigned, 32 bits; texts have no terminators. */
export interface IndexLayout {
  /** Where each record begins in `records`, and where the last one ends. */
  readonly recordOffsets: Uint32Array;
  /** Names of packages, and for each the numbers of its records. */
  readonly names: PostingLists;
  /** Names that packages provide, and for each the numbers of the records that do. */
  readonly provided: PostingLists;
  readonly essential: Uint32Array;
  readonly required: Uint32Array;
  readonly records: Buffer;
}

/** Keys in code unit order, each with a list of record numbers. */
export interface PostingLists {
  /** All keys, one after the other. */
  readonly keys: Buffer;
  /** Where each key begins, and where the last one ends. */
  readonly keyOffsets: Uint32Array;
  /** Where each key's list begins in `postings`, and where the last one ends. */
  readonly listStarts: Uint32Array;
  readonly postings: Uint32Array;
}

/** Changes with every change of the layout: an older file is then no index. */
const MAGIC = Buffer.from("OICDEB\0\u0001", "latin1");
const WORD_BYTES = 4;

/**
 * Joins the parts of an index: the magic, the byte length of every part, the parts, each padded to 4 bytes.
 *
 * Numbers are in the order of the processor, which is little-endian wherever Node.js 24 runs on our architectures.
 */
export function joinLayout(layout: IndexLayout): Uint8Array {
  const parts = partsOf(layout);
  const lengths = Uint32Array.from(parts, (part) => part.byteLength);
  const sections = [MAGIC, bytesOf(lengths), ...parts.map(bytesOf)];
  const bytes = Buffer.alloc(sections.reduce((sum, section) => sum + padded(section.length), 0));
  let offset = 0;
  for (const section of sections) {
    bytes.set(section, offset);
    offset += padded(section.length);
  }
  return bytes;
}

/** Views into the bytes of an index; undefined when they are none, or cut short. */
export function splitLayout(bytes: Uint8Array): IndexLayout | undefined {
  const aligned = bytes.byteOffset % WORD_BYTES === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset, length } = aligned;
  const lengthsEnd = MAGIC.length + PART_COUNT * WORD_BYTES;
  if (length < lengthsEnd || !MAGIC.equals(aligned.subarray(0, MAGIC.length))) return undefined;
  const lengths = new Uint32Array(buffer, byteOffset + MAGIC.length, PART_COUNT);
  const starts: number[] = [];
  let end = lengthsEnd;
  for (const partLength of lengths) {
    starts.push(end);
    end += padded(partLength);
  }
  if (end !== length) return undefined;
  const words = (part: number): Uint32Array =>
    new Uint32Array(buffer, byteOffset + (starts[part] ?? 0), (lengths[part] ?? 0) / WORD_BYTES);
  const text = (part: number): Buffer => Buffer.from(buffer, byteOffset + (starts[part] ?? 0), lengths[part] ?? 0);
  const lists = (part: number): PostingLists => ({
    keys: text(part),
    keyOffsets: words(part + 1),
    listStarts: words(part + 2),
    postings: words(part + 3),
  });
  const wordParts = [0, 2, 3, 4, 6, 7, 8, 9, 10];
  if (wordParts.some((part) => (lengths[part] ?? 1) % WORD_BYTES !== 0)) return undefined;
  return {
    recordOffsets: words(0),
    names: lists(1),
    provided: lists(5),
    essential: words(9),
    required: words(10),
    records: text(11),
  };
}

const PART_COUNT = 12;

function partsOf({ recordOffsets, names, provided, essential, required, records }: IndexLayout) {
  const lists = [names, provided].flatMap(({ keys, keyOffsets, listStarts, postings }) => [
    keys,
    keyOffsets,
    listStarts,
    postings,
  ]);
  return [recordOffsets, ...lists, essential, required, records];
}

/** The lists of a map, its keys (ASCII) put in order. */
export function postingListsOf(map: ReadonlyMap<string, readonly number[]>): PostingLists {
  const sorted = [...map.keys()].sort();
  const keyOffsets = new Uint32Array(sorted.length + 1);
  const listStarts = new Uint32Array(sorted.length + 1);
  const postings: number[] = [];
  let keyEnd = 0;
  for (const [index, key] of sorted.entries()) {
    keyEnd += key.length;
    for (const posting of map.get(key) ?? []) postings.push(posting);
    keyOffsets[index + 1] = keyEnd;
    listStarts[index + 1] = postings.length;
  }
  return { keys: Buffer.from(sorted.join(""), "latin1"), keyOffsets, listStarts, postings: Uint32Array.from(postings) };
}

/** The list of a key; empty when it is not there. */
export function postingsFor(lists: PostingLists, key: string): Uint32Array {
  const wanted = Buffer.from(key, "utf8");
  let [low, high] = [0, lists.keyOffsets.length - 2];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const [start, end] = [lists.keyOffsets[middle] ?? 0, lists.keyOffsets[middle + 1] ?? 0];
    const order = Buffer.compare(wanted, lists.keys.subarray(start, end));
    if (order === 0) return lists.postings.subarray(lists.listStarts[middle], lists.listStarts[middle + 1]);
    if (order < 0) high = middle - 1;
    else low = middle + 1;
  }
  return new Uint32Array(0);
}

/** All keys, in code unit order. */
export function* keysOf({ keys, keyOffsets }: PostingLists): Generator<string, void, undefined> {
  for (let index = 0; index + 1 < keyOffsets.length; index += 1) {
    yield keys.toString("latin1", keyOffsets[index], keyOffsets[index + 1]);
  }
}

function bytesOf(part: Uint8Array | Uint32Array): Uint8Array {
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
}

function padded(lengthBytes: number): number {
  return Math.ceil(lengthBytes / WORD_BYTES) * WORD_BYTES;
}
