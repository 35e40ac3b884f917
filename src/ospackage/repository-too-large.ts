import { ComposerError } from "../core/index.ts";

/**
 * The error for a repository that has more than any real one.
 *
 * @param object for messages: `the primary metadata "http://…"`
 * @param state what there is too much of, with the limit
 */
export function repositoryTooLarge(object: string, state: string): ComposerError {
  return new ComposerError("REPOSITORY_TOO_LARGE", `Cannot read ${object}: ${state}`, {
    hint: "Check its address; when it really has so much, use a repository with fewer packages and report it",
  });
}
