/** Hashes in ascending order, each beside the number of a record that may have the text; the records tell. */
export interface HashLists {
  readonly hashes: Uint32Array;
  readonly records: Uint32Array;
}

/** Collects texts that records have. */
export interface HashListBuilder {
  /** How many were added; {@link truncate} goes back to it. */
  readonly length: number;
  add(hash: number, record: number): void;
  truncate(length: number): void;
  /** Ends the builder. */
  content(): HashLists;
}

/** The most records that a list can tell apart. */
export const MAX_RECORDS = 2 ** 21;

export function createHashLists(): HashListBuilder {
  // One number for both: 53 bits sort fast, and in the order of the records where hashes are equal.
  let pairs = new Float64Array(1024);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(hash, record) {
      if (length === pairs.length) {
        const larger = new Float64Array(2 * length);
        larger.set(pairs);
        pairs = larger;
      }
      pairs[length++] = hash * MAX_RECORDS + record;
    },
    truncate(to) {
      length = to;
    },
    content() {
      const sorted = pairs.subarray(0, length).sort();
      const [hashes, records] = [new Uint32Array(length), new Uint32Array(length)];
      let [count, last] = [0, -1];
      for (const pair of sorted) {
        if (pair === last) continue;
        hashes[count] = Math.floor(pair / MAX_RECORDS);
        records[count] = pair % MAX_RECORDS;
        last = pair;
        count += 1;
      }
      return { hashes: hashes.subarray(0, count), records: records.subarray(0, count) };
    },
  };
}

/** The records that were added with a hash, each once, in ascending order. */
export function recordsWithHash({ hashes, records }: HashLists, hash: number): Uint32Array {
  let [low, high] = [0, hashes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < hashes.length && hashes[end] === hash) end += 1;
  return records.subarray(low, end);
}

/** FNV-1a of a range of bytes, 32 bits. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

export function hashOfText(text: string): number {
  const bytes = Buffer.from(text, "utf8");
  return hashOfBytes(bytes, 0, bytes.length);
}
