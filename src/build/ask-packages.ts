import type { Host } from "../host/index.ts";
import type { PackageQuestions } from "../ospackage/index.ts";
import { type BuildRequest, type QuestionSubject, initProvider } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";

/**
 * Chooses the packages of a template as a build would, for questions about the choice.
 *
 * @throws {UnknownPackagesError} no repository has what the template asks for
 * @throws {RESOLVER_UNSATISFIABLE} packages exclude each other
 */
export async function askPackages(
  host: Host,
  request: BuildRequest,
  subject: QuestionSubject,
): Promise<PackageQuestions> {
  const provider = await initProvider(host, request);
  const { template } = request.template;
  const paths = buildPaths(request.settings, provider.id, template.systemConfig?.name ?? template.image.name);
  return provider.packageQuestions(host, request, paths, subject);
}
