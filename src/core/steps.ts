import type { Json } from "./digests.ts";
import type { Stage } from "./events.ts";

/**
 * One step of a build: what it depends on, what makes its result, and how the result of an earlier run is found again.
 *
 * A step's key is the digest of its name, its settings, the keys of its inputs and the program's own code. Equal keys
 * mean equal results, so a step with a saved result is not run; nor are its inputs, unless somebody else needs them.
 */
export interface Step<T> {
  readonly name: string;
  readonly stage: Stage;
  /** What a person reads while it runs, for example "Resolving dependencies"; absent: nothing worth a line. */
  readonly title?: string;
  readonly inputs: readonly Step<unknown>[];
  /** Steps whose results running takes, but which don't change what comes out: a work place, tools. */
  readonly needs?: readonly Step<unknown>[];
  /** Everything beyond the inputs that changes the result. */
  readonly settings: Json | (() => Promise<Json>);
  /**
   * What steps that depend on this one are keyed by, instead of by this step's own key: a step whose result is the same
   * as before then starts nothing anew, whatever made it run.
   */
  keyOfResult?(result: T): Json;
  /** Saves results between builds; absent: the step runs whenever its result is needed. */
  readonly saved?: SavedResults<T>;
  /** Other steps run while the result is being saved, or even made complete: they must not change what that reads. */
  readonly savesMeanwhile?: true;
  run(values: StepValues, key: string): Promise<T>;
}

/** Results of earlier builds. */
export interface SavedResults<T> {
  /** Undefined when there is none for this key, or it was changed since. */
  load(key: string): Promise<T | undefined>;
  save(key: string, result: T): Promise<void>;
}

/** Gives the results of a step's inputs, running them first where needed. */
export interface StepValues {
  /** Of the program itself: what an older version found need not be so. */
  readonly codeDigest: string;
  get<T>(step: Step<T>): Promise<T>;
}
