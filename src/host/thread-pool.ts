import { isMainThread, parentPort, type Transferable, Worker } from "node:worker_threads";
import { ComposerError, type ComposerErrorInit, type ErrorCode } from "../core/index.ts";

/** Work without memory or effects of its own: it gets all that it needs, as plain data, and gives plain data back. */
export interface Job<Input, Output> {
  /** Tells it apart from all other jobs. */
  readonly name: string;
  run(input: Input): Output;
}

/** Threads that whoever has work shares. */
export interface ThreadPool {
  /** Who gives work says so, and when no more will come. */
  enter(): void;
  leave(): void;
  run<Input, Output>(job: Job<Input, Output>, input: Input): Promise<Output>;
}

/** @param count how many threads there are at most; none is started before it is needed */
export function createThreadPool(entry: string, count: number): ThreadPool {
  const threads = new Set<Thread>();
  let userCount = 0;
  const idlest = (): Thread => {
    const [best] = [...threads].sort((a, b) => a.pending - b.pending);
    if (best !== undefined && (best.pending === 0 || threads.size === count)) return best;
    const thread = startThread(entry, () => threads.delete(thread));
    threads.add(thread);
    return thread;
  };
  return {
    enter: () => void (userCount += 1),
    leave() {
      userCount -= 1;
      if (userCount > 0) return;
      for (const thread of threads) thread.end();
      threads.clear();
    },
    run<Input, Output>(job: Job<Input, Output>, input: Input): Promise<Output> {
      const output = idlest().run(job.name, input) as Promise<Output>;
      // Nobody looks at it before its turn comes.
      output.catch(() => undefined);
      return output;
    },
  };
}

interface Thread {
  /** How many outputs are still to come. */
  readonly pending: number;
  run(job: string, input: unknown): Promise<unknown>;
  end(): void;
}

/** What is new in a thread is soon gone; without a limit it takes tens of MiB before anybody looks. */
const YOUNG_MIB = 8;

/** @param onEnd called when it has ended, by itself or not */
function startThread(entry: string, onEnd: () => void): Thread {
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
    onEnd();
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
    end: () => void worker.terminate(),
  };
}

interface Question {
  readonly id: number;
  readonly job: string;
  readonly input: unknown;
}

type Answer = { readonly id: number } & ({ readonly output: unknown } | { readonly failure: Failure });

/** What of an error survives the way between threads: all but its cause. */
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
export function serveJobs(jobs: readonly Job<never, unknown>[]): void {
  const port = parentPort;
  if (isMainThread || port === null) return;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const answer = ({ id, job: name, input }: Question): Answer => {
    try {
      const job = byName.get(name);
      if (job === undefined) throw new Error(`no thread knows the job "${name}"`);
      return { id, output: job.run(input as never) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  };
  port.on("message", (question: Question) => {
    const answered = answer(question);
    port.postMessage(answered, "output" in answered ? movable(answered.output) : []);
  });
}

/** The memory of bytes that are an input or output, or a property of one: it is handed over, not copied. */
function movable(output: unknown): Transferable[] {
  const isBytes = (value: unknown): value is Uint8Array<ArrayBuffer> => value instanceof Uint8Array;
  if (isBytes(output)) return [output.buffer];
  const properties: unknown[] = typeof output === "object" && output !== null ? Object.values(output) : [];
  return [...new Set(properties.filter(isBytes).map(({ buffer }) => buffer))];
}
