import { isMainThread, parentPort, type Transferable, Worker } from "node:worker_threads";
import { ComposerError, type ComposerErrorInit, type ErrorCode } from "../core/index.ts";
import type { HostFiles } from "./files.ts";
import type { ProcessRunner } from "./processes.ts";

/** Work without memory of its own: it gets all that it needs, as plain data, and gives plain data back. */
export interface Job<Input, Output> {
  /** Tells it apart from all other jobs. */
  readonly name: string;
  run(host: JobHost, input: Input): Output | Promise<Output>;
}

/** The effects that a job may have. */
export interface JobHost {
  readonly files: HostFiles;
  readonly processes: ProcessRunner;
}

/** Does jobs on all processors. */
export interface Threads {
  /**
   * Runs a job for every input; the outputs come in the order of the inputs, of which as many are taken ahead as there are
   * threads. A single input is worked on right here.
   *
   * Bytes that are an input or output, or a property of one, are handed over: who gave them has them no longer.
   * Ends the threads when it ends, for whatever reason.
   *
   * @throws what the job throws for the first input that fails, in their order
   */
  map<Input, Output>(
    job: Job<Input, Output>,
    inputs: AsyncIterable<Input> | Iterable<Input>,
  ): AsyncGenerator<Output, void, undefined>;
}

/** All work is done where it is asked for, one input after the other. */
export function oneThread(host: JobHost): Threads {
  return {
    async *map(job, inputs) {
      for await (const input of inputs) yield await job.run(host, input);
    },
  };
}

/**
 * Starts threads when there is something to do for more than one.
 *
 * @param entry the module that they begin with; it calls {@link serveJobs}
 */
export function createThreads(host: JobHost, entry: string, count: number): Threads {
  if (count < 2) return oneThread(host);
  return { map: (job, inputs) => mapInThreads(host, entry, count, job, inputs) };
}

/** Inputs per thread that are taken ahead: the next one is there when one is done. */
const QUEUED = 2;

async function* mapInThreads<Input, Output>(
  host: JobHost,
  entry: string,
  count: number,
  job: Job<Input, Output>,
  inputs: AsyncIterable<Input> | Iterable<Input>,
): AsyncGenerator<Output, void, undefined> {
  const source = iteratorOf(inputs);
  const threads: Thread[] = [];
  /** In the order of the inputs. */
  const running: Promise<Output>[] = [];
  const start = (input: Input): void => {
    if (threads.length < count) threads.push(startThread(entry));
    const [first, ...others] = threads;
    const idlest = others.reduce((best, other) => (other.pending < (best?.pending ?? 0) ? other : best), first);
    const output = idlest?.run(job.name, input) as Promise<Output>;
    // Nobody looks at it before its turn comes.
    output.catch(() => undefined);
    running.push(output);
  };
  try {
    const [first, second] = [await source.next(), await source.next()];
    if (first.done === true) return;
    if (second.done === true) {
      yield await job.run(host, first.value);
      return;
    }
    start(first.value);
    start(second.value);
    for (let isMore = true; ;) {
      while (isMore && running.length < QUEUED * count) {
        const next = await source.next();
        isMore = next.done !== true;
        if (next.done !== true) start(next.value);
      }
      const output = running.shift();
      if (output === undefined) return;
      yield await output;
    }
  } finally {
    await Promise.all([source.return?.(), ...threads.map((thread) => thread.end())]);
  }
}

function iteratorOf<T>(inputs: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
}

interface Thread {
  /** How many outputs are still to come. */
  readonly pending: number;
  run(job: string, input: unknown): Promise<unknown>;
  end(): Promise<void>;
}

/** What is new in a thread is soon gone; without a limit it takes tens of MiB before anybody looks. */
const YOUNG_MIB = 8;

function startThread(entry: string): Thread {
  const worker = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  worker.on("message", (answer: Answer) => {
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if ("failure" in answer) waiting?.reject(errorOf(answer.failure));
    else waiting?.resolve(answer.output);
  });
  const fail = (error: Error): void => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  worker.on("error", fail).on("exit", () => fail(new Error("a thread ended before its work was done")));
  return {
    get pending() {
      return pending.size;
    },
    run(job, input) {
      const waiting = Promise.withResolvers<unknown>();
      const id = asked++;
      pending.set(id, waiting);
      worker.postMessage({ id, job, input } satisfies Question, movable(input));
      return waiting.promise;
    },
    end: async () => void (await worker.terminate()),
  };
}

interface Question {
  readonly id: number;
  readonly job: string;
  readonly input: unknown;
}

type Answer = { readonly id: number } & ({ readonly output: unknown } | { readonly failure: Failure });

/** What of an error survives the way between threads. */
interface Failure extends ComposerErrorInit {
  /** Absent: a bug. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof ComposerError)) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { code: undefined, message, stack };
  }
  const { code, message, stack, hint, position, details } = error;
  return { code, message, stack, details, ...(hint && { hint }), ...(position && { position }) };
}

function errorOf({ code, message, stack, ...init }: Failure): Error {
  const error = code === undefined ? new Error(message) : new ComposerError(code, message, init);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What the entry module of a thread does: it runs those of `jobs` that it is asked for. Nothing outside of a thread. */
export function serveJobs(host: JobHost, jobs: readonly Job<never, unknown>[]): void {
  const port = parentPort;
  if (isMainThread || port === null) return;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const answer = async ({ id, job: name, input }: Question): Promise<Answer> => {
    try {
      const job = byName.get(name);
      if (job === undefined) throw new Error(`no thread knows the job "${name}"`);
      return { id, output: await job.run(host, input as never) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  };
  port.on("message", (question: Question) => {
    void answer(question).then((answered) => {
      port.postMessage(answered, "output" in answered ? movable(answered.output) : []);
    });
  });
}

/** The memory of bytes that are an input or output, or a property of one: it is handed over, not copied. */
function movable(output: unknown): Transferable[] {
  const isBytes = (value: unknown): value is Uint8Array<ArrayBuffer> => value instanceof Uint8Array;
  if (isBytes(output)) return [output.buffer];
  const properties: unknown[] = typeof output === "object" && output !== null ? Object.values(output) : [];
  return [...new Set(properties.filter(isBytes).map(({ buffer }) => buffer))];
}
