import { type EventSink, redactUrl } from "../../core/index.ts";
import type { LeftOutPackages } from "../rpm/index.ts";
import type { RpmRepositorySource } from "./repository.ts";

/** Says which packages of a repository are as if they were not there. */
export function warnAboutLeftOut(
  source: RpmRepositorySource,
  { count, first }: LeftOutPackages,
  emit: EventSink,
): void {
  const state =
    count === 1
      ? `leaves out a package that cannot be used: ${first}`
      : `leaves out ${count} packages that cannot be used; the first: ${first}`;
  warnOnce(source, state, emit);
}

/** Says that questions about most paths have no answer from a repository. */
export function warnAboutNoFileLists(source: RpmRepositorySource, emit: EventSink): void {
  warnOnce(source, "has no file lists: of its packages only the paths in its primary metadata are known", emit);
}

/** What was said to whom: a build reads a repository several times. */
const said = new WeakMap<EventSink, Set<string>>();

function warnOnce({ id, urls: [url] }: RpmRepositorySource, state: string, emit: EventSink): void {
  const message = `The repository "${id}" (${redactUrl(url)}) ${state}`;
  const messages = said.get(emit) ?? new Set();
  said.set(emit, messages);
  if (messages.has(message)) return;
  messages.add(message);
  emit({ type: "warning", stage: "packages", code: "REPOSITORY", message });
}
