import { debQuestions, type PackageQuestions } from "../ospackage/index.ts";
import type { Architecture } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { packageRequests } from "./package-requests.ts";
import type { BuildPaths, BuildRequest, QuestionSubject } from "./provider.ts";
import type { ProviderFiles } from "./provider-files.ts";
import { readIndex } from "./read-index.ts";
import { repositorySources } from "./repository-sources.ts";

/** Reads the indexes of a build and answers about the choice that the build makes. */
export async function debPackageQuestions(
  host: Host,
  request: BuildRequest,
  { repositoryCache }: Pick<BuildPaths, "repositoryCache">,
  files: ProviderFiles,
  architecture: Architecture,
  subject: QuestionSubject,
): Promise<PackageQuestions> {
  const sources = await repositorySources(host, request, files);
  const repositories = await Promise.all(
    sources.map((source) =>
      readIndex(host, source, { request, architecture: architecture.deb, cacheDir: repositoryCache }),
    ),
  );
  const options = { repositories, architecture: architecture.deb };
  if (subject === "tool-root") {
    const requests = files.toolPackages.map((text) => ({ text, origin: "tool root" }));
    return debQuestions({ ...options, requests, includeEssential: false });
  }
  const { template, positionOf } = request.template;
  const exclude = template.systemConfig?.excludePackages ?? [];
  const exclusions = exclude.map((text, index) => {
    const position = positionOf(`systemConfig.excludePackages[${index}]`);
    return position === undefined ? { text } : { text, position };
  });
  const requests = packageRequests(request.template);
  return debQuestions({ ...options, requests, exclude, includeEssential: true }, exclusions);
}
