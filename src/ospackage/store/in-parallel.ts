/**
 * Applies an action to all items, at most `limit` at a time; the first failure ends the other actions.
 *
 * @param action gets a signal that fires when another action failed, or `outer` did
 * @returns the results in the order of the items
 * @throws what failed first, after the actions under way have ended
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T, signal: AbortSignal) => Promise<R>,
  outer?: AbortSignal,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const failed = new AbortController();
  const signal = outer === undefined ? failed.signal : AbortSignal.any([outer, failed.signal]);
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await action(item, signal);
      } catch (error) {
        failures.push(error);
        failed.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}
