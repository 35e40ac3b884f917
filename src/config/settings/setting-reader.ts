import type { SourcePosition } from "../../core/index.ts";

type Value = string | number | boolean;

/** Where an effective value comes from. */
export type SettingOrigin =
  | { readonly kind: "flag"; readonly flag: string }
  | ({ readonly kind: "file" } & SourcePosition)
  | { readonly kind: "built-in" };

/** One value that is in force. */
export interface EffectiveSetting {
  /** As the configuration file has it, for example `core.max_concurrent_builds`. */
  readonly key: string;
  /** Null when nothing is set and nothing is built in. */
  readonly value: Value | null;
  readonly origin: SettingOrigin;
}

interface Flag<T> {
  readonly name: string;
  readonly value: T | undefined;
}

/** Decides between flag, file and built-in value, and remembers what it decided. */
export interface SettingReader {
  /** @param keys the key, and older names of it */
  take<T extends Value>(keys: string | readonly string[], fromFile: T | undefined, builtIn: T, flag?: Flag<T>): T;
  takeOptional<T extends Value>(key: string, fromFile: T | undefined, flag?: Flag<T>): T | undefined;
  readonly entries: readonly EffectiveSetting[];
}

/** @param positionOf where a key stands in the file */
export function createSettingReader(positionOf: (key: string) => SourcePosition | undefined): SettingReader {
  const entries: EffectiveSetting[] = [];

  function decide<T extends Value>(
    keys: readonly string[],
    fromFile: T | undefined,
    builtIn: T | undefined,
    flag: Flag<T> | undefined,
  ): T | undefined {
    const [key = ""] = keys;
    if (flag?.value !== undefined) {
      entries.push({ key, value: flag.value, origin: { kind: "flag", flag: flag.name } });
      return flag.value;
    }
    if (fromFile !== undefined) {
      const position = keys.map(positionOf).find((found) => found !== undefined);
      const origin: SettingOrigin = { kind: "file", file: "", line: 1, column: 1, ...position };
      entries.push({ key, value: fromFile, origin });
      return fromFile;
    }
    entries.push({ key, value: builtIn ?? null, origin: { kind: "built-in" } });
    return builtIn;
  }

  return {
    take: <T extends Value>(keys: string | readonly string[], fromFile: T | undefined, builtIn: T, flag?: Flag<T>): T =>
      decide(typeof keys === "string" ? [keys] : keys, fromFile, builtIn, flag) ?? builtIn,
    takeOptional: (key, fromFile, flag) => decide([key], fromFile, undefined, flag),
    entries,
  };
}
