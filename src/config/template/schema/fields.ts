import Type from "typebox";

/**
 * The vocabulary that the sections of the template schema are written in.
 *
 * Every field has a description and an example: `docs/template-reference.md` is made of them.
 */

/** A mapping with no keys but the listed ones. */
export const closed = { additionalProperties: false } as const;

/** A pattern, and what it asks for in words. */
export const matching = (pattern: string, patternErrorMessage: string) => ({ pattern, patternErrorMessage });

/** Longer lists and texts are mistakes or attacks. */
const MAX_ITEMS = 2000;
const MAX_TEXT_LENGTH = 4096;

type Options = Readonly<Record<string, unknown>>;

export const text = (description: string, example: string, options: Options = {}) =>
  Type.String({ description, examples: [example], ...options });

export const flag = (description: string, example = true, options: Options = {}) =>
  Type.Boolean({ description, examples: [example], ...options });

export const wholeNumber = (description: string, example: number, minimum: number, maximum?: number) =>
  Type.Integer({ description, examples: [example], minimum, ...(maximum === undefined ? {} : { maximum }) });

/** One of several words. */
export const choice = <const T extends readonly string[]>(values: T, description: string, options: Options = {}) =>
  Type.Enum([...values] as T[number][], { description, examples: [values[0]], ...options });

/** A list of mappings; its example is composed from theirs. */
export const list = <T extends Type.TSchema>(items: T, description: string) =>
  Type.Array(items, { description, maxItems: MAX_ITEMS });

/** A list of texts. */
export const texts = (description: string, examples: readonly string[], options: Options = {}) =>
  Type.Array(Type.String({ maxLength: MAX_TEXT_LENGTH, ...options }), {
    description,
    examples: [examples],
    maxItems: MAX_ITEMS,
  });

export const ABSOLUTE_PATH = matching("^/", "an absolute path");
