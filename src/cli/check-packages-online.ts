import { resolvePackages } from "../build/index.ts";
import { type Issue, IssuesError, type MergedTemplate, requireSupported } from "../config/index.ts";
import { noEvents } from "../core/index.ts";
import { type UnknownPackage, UnknownPackagesError } from "../ospackage/index.ts";
import type { CliContext } from "./context.ts";
import { type MirrorFlags, withMirrors } from "./mirror-option.ts";

/**
 * Asks the repositories whether all packages of a template exist and fit together.
 *
 * @throws {RESOLVER_UNKNOWN_PACKAGE} with each package that no repository has, where the template names it
 * @throws {RESOLVER_UNSATISFIABLE} packages exclude each other
 */
export async function checkPackagesOnline(
  context: CliContext,
  template: MergedTemplate,
  mirrors: MirrorFlags | undefined,
): Promise<void> {
  requireSupported(template);
  const settings = withMirrors(await context.settings(), mirrors);
  const request = { template, settings, offline: false, emit: noEvents, log: () => undefined };
  await withPositions(template, () => resolvePackages(context.host, request));
}

/** Adds to packages that nobody has where the template names them. @throws what `action` does */
export async function withPositions<T>(template: MergedTemplate, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UnknownPackagesError)) throw error;
    throw new IssuesError(`template "${template.files.at(-1) ?? ""}"`, error.unknown.map(issueOf), template.sources);
  }
}

function issueOf({ request, state, didYouMean }: UnknownPackage): Issue {
  const { text, origin, position } = request;
  return {
    code: "RESOLVER_UNKNOWN_PACKAGE",
    path: origin,
    message: `"${text}": ${state}`,
    ...(didYouMean === undefined ? {} : { didYouMean }),
    ...(position === undefined ? {} : { position: { ...position, length: text.length } }),
  };
}
