import { ComposerError, type EventSink, keyOf, type Sha256Hex, type Step, type StepValues } from "../core/index.ts";
import type { Clock } from "../host/index.ts";

export interface RunStepsOptions {
  /** The digest of the program's own code: part of every key. */
  readonly codeDigest: string;
  /** False runs every step although a saved result exists. */
  readonly reuse: boolean;
  readonly emit: EventSink;
  readonly clock: Clock;
  /** No step starts after it fired. */
  readonly signal?: AbortSignal;
  /** Called for each step that is about to run. */
  readonly onStep?: (step: Step<unknown>) => void;
}

/** Evaluates steps on demand, each at most once. */
export interface StepRun extends StepValues {
  keyOf(step: Step<unknown>): Promise<Sha256Hex>;
  /** Waits for results that are still being saved. @throws what saving one of them failed with */
  settle(): Promise<void>;
}

/**
 * Starts an evaluation: `get(step)` gives the step's result, from an earlier build when its key is known, else by
 * running it; the inputs of a step that isn't run are not needed and not run either.
 */
export function createStepRun(options: RunStepsOptions): StepRun {
  const keys = new Map<Step<unknown>, Promise<Sha256Hex>>();
  const results = new Map<Step<unknown>, Promise<unknown>>();
  const saving: Promise<void>[] = [];

  const once = <T>(memory: Map<Step<unknown>, Promise<T>>, step: Step<unknown>, make: () => Promise<T>): Promise<T> => {
    const known = memory.get(step);
    if (known !== undefined) return known;
    const made = make();
    memory.set(step, made);
    return made;
  };

  const run: StepRun = {
    codeDigest: options.codeDigest,
    keyOf: (step) => once(keys, step, () => computeKey(step)),
    get: <T>(step: Step<T>) => once(results, step as Step<unknown>, () => evaluate(step)) as Promise<T>,
    settle: async () => {
      const outcomes = await Promise.allSettled(saving);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    },
  };

  async function computeKey(step: Step<unknown>): Promise<Sha256Hex> {
    if (step.keyOfResult === undefined) return keyBefore(step);
    return keyOf({ step: step.name, result: step.keyOfResult(await run.get(step)) });
  }

  /** The key that a result is saved under: all that is known before the step runs. */
  async function keyBefore(step: Step<unknown>): Promise<Sha256Hex> {
    const inputs = await Promise.all(step.inputs.map((input) => run.keyOf(input)));
    const settings = typeof step.settings === "function" ? await step.settings() : step.settings;
    return keyOf({ step: step.name, inputs, settings, code: options.codeDigest });
  }

  async function evaluate<T>(step: Step<T>): Promise<T> {
    let startedMs = options.clock.monotonicMs();
    const finished = (reused: boolean): void => {
      const durationMs = options.clock.monotonicMs() - startedMs;
      options.emit({ type: "step-finished", stage: step.stage, step: step.name, durationMs, reused });
    };
    const key = await keyBefore(step);
    if (options.reuse && step.saved !== undefined) {
      const saved = await step.saved.load(key);
      if (saved !== undefined) {
        finished(true);
        return saved;
      }
    }
    for (const needed of [...step.inputs, ...(step.needs ?? [])]) await run.get(needed);
    if (options.signal?.aborted === true) throw new ComposerError("INTERRUPTED", "Interrupted");
    options.onStep?.(step);
    startedMs = options.clock.monotonicMs();
    if (step.title !== undefined) {
      options.emit({ type: "step-started", stage: step.stage, step: step.name, title: step.title });
    }
    const result = await step.run(run, key);
    if (step.savesMeanwhile === true) saveMeanwhile(step, key, result);
    else await step.saved?.save(key, result);
    finished(false);
    return result;
  }

  function saveMeanwhile<T>({ saved }: Step<T>, key: string, result: T): void {
    const saves = saved?.save(key, result) ?? Promise.resolve();
    // Nobody looks at it before everything is settled.
    saves.catch(() => undefined);
    saving.push(saves);
  }

  return run;
}
