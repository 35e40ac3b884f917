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

export function addPosting(map: Map<string, number[]>, key: string, number: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [number]);
  else list.push(number);
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
    if (order === 0) return postingsAt(lists, middle);
    if (order < 0) high = middle - 1;
    else low = middle + 1;
  }
  return new Uint32Array(0);
}

/** The list of the key with a number. */
export function postingsAt({ postings, listStarts }: PostingLists, number: number): Uint32Array {
  return postings.subarray(listStarts[number], listStarts[number + 1]);
}

/** All keys, in code unit order. */
export function* keysOf({ keys, keyOffsets }: PostingLists): Generator<string, void, undefined> {
  for (let index = 0; index + 1 < keyOffsets.length; index += 1) {
    yield keys.toString("latin1", keyOffsets[index], keyOffsets[index + 1]);
  }
}
