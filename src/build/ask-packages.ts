import type { Host } from "../host/index.ts";
import type { PackageQuestions } from "../ospackage/index.ts";
import { type BuildRequest, type QuestionSubject, initProvider } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";

/**
 * Chooses the packages of a template as a build would, and asks about the choice.
 *
 * @param question has no effects: it may be asked again when more is known
 * @throws {UnknownPackagesError} no repository has what the template asks for
 * @throws {RESOLVER_UNSATISFIABLE} packages exclude each other
 */
export async function askPackages<T>(
  host: Host,
  request: BuildRequest,
  subject: QuestionSubject,
  question: (questions: PackageQuestions) => T,
): Promise<T> {
  const provider = await initProvider(host, request);
  const { template } = request.template;
  const paths = buildPaths(request.settings, provider.id, template.systemConfig?.name ?? template.image.name);
  return provider.ask(host, request, paths, subject, question);
}
