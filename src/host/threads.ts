import { createThreadPool, type Job, type ThreadPool } from "./thread-pool.ts";

/** Does jobs on several processors. */
export interface Threads {
  /**
   * Runs a job for every input; the outputs come in the order of the inputs, of which a few are taken ahead. A single
   * input is worked on right here.
   *
   * Bytes that are an input or output, or a property of one, are handed over: who gave them has them no longer.
   *
   * @throws what the job throws for the first input that fails, or the inputs after the last one, in their order
   */
  map<Input, Output>(
    job: Job<Input, Output>,
    inputs: AsyncIterable<Input> | Iterable<Input>,
  ): AsyncGenerator<Output, void, undefined>;
}

/** All work is done where it is asked for, one input after the other. */
export const oneThread: Threads = {
  async *map(job, inputs) {
    for await (const input of inputs) yield job.run(input);
  },
};

/**
 * Starts threads when there is something to do for more than one, and ends them when nothing is left.
 *
 * @param entry the module that they begin with; it calls `serveJobs`
 * @param count how many there are at most, whoever asks
 */
export function createThreads(entry: string, count: number): Threads {
  if (count < 2) return oneThread;
  const pool = createThreadPool(entry, count);
  return { map: (job, inputs) => mapInPool(pool, QUEUED * count, job, inputs) };
}

/** Inputs per thread that are taken ahead: the next one is there when one is done. */
const QUEUED = 2;

async function* mapInPool<Input, Output>(
  pool: ThreadPool,
  aheadCount: number,
  job: Job<Input, Output>,
  inputs: AsyncIterable<Input> | Iterable<Input>,
): AsyncGenerator<Output, void, undefined> {
  const source = openSource(inputs);
  /** In the order of the inputs. */
  const running: Promise<Output>[] = [];
  pool.enter();
  try {
    const [first, second] = [await source.next(), await source.next()];
    if (first !== undefined && second === undefined) yield job.run(first.input);
    if (first !== undefined && second !== undefined) {
      running.push(pool.run(job, first.input), pool.run(job, second.input));
    }
    for (let isMore = second !== undefined; ;) {
      while (isMore && running.length < aheadCount) {
        const next = await source.next();
        isMore = next !== undefined;
        if (next !== undefined) running.push(pool.run(job, next.input));
      }
      const output = running.shift();
      if (output === undefined) break;
      yield await output;
    }
    source.finish();
  } finally {
    pool.leave();
    await source.close();
  }
}

/** Inputs one by one; a failure to get one is an end, and told when all before it is done. */
function openSource<Input>(inputs: AsyncIterable<Input> | Iterable<Input>) {
  const iterator = Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  let isOpen = true;
  let failure: { readonly error: unknown } | undefined;
  return {
    async next(): Promise<{ readonly input: Input } | undefined> {
      if (!isOpen) return undefined;
      try {
        const next = await iterator.next();
        if (next.done !== true) return { input: next.value };
      } catch (error) {
        failure = { error };
      }
      isOpen = false;
      return undefined;
    },
    finish(): void {
      if (failure !== undefined) throw failure.error;
    },
    async close(): Promise<void> {
      if (isOpen) await iterator.return?.();
    },
  };
}
