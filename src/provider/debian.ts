import path from "node:path";
import { type Architecture, architectureOf, ComposerError } from "../core/index.ts";
import type { Finding, ImageTemplate } from "../config/index.ts";
import type { Host } from "../host/index.ts";
import { lockInputs, requireFresh } from "../ospackage/index.ts";
import type { DebBuild } from "./deb-build.ts";
import { debPackageQuestions } from "./deb-package-questions.ts";
import { packageRequests } from "./package-requests.ts";
import { packageSteps } from "./package-steps.ts";
import { type BuildRequest, type Provider, stageEnd } from "./provider.ts";
import { readProviderFiles } from "./provider-files.ts";
import { rawImageSteps } from "./raw-image-steps.ts";
import { repositorySources, snapshotUrls } from "./repository-sources.ts";
import { treeSteps } from "./tree-steps.ts";

/** Debian 12 and 13. */
export async function createDebianProvider(host: Host, request: BuildRequest): Promise<Provider> {
  const { os, dist, arch } = request.template.template.target;
  const files = await readProviderFiles(host, path.join(request.settings.configDir, "osv", os, dist), arch);
  const architecture = requireArchitecture(arch);
  return {
    id: `${os}-${dist}-${arch}`,
    preProcess: checkKernel,
    packageQuestions: (_, buildRequest, paths, subject) =>
      debPackageQuestions(host, buildRequest, paths, files, architecture, subject),
    buildImage: async (_, buildRequest, paths, atEnd) => {
      const sources = await repositorySources(host, buildRequest, files);
      const providerId = `${os}-${dist}-${arch}`;
      const requests = packageRequests(buildRequest.template);
      const exclude = buildRequest.template.template.systemConfig?.excludePackages ?? [];
      const { toolPackages } = files;
      const baseDirectory = path.dirname(buildRequest.template.file);
      const inputs = lockInputs({ providerId, requests, exclude, toolPackages, sources, baseDirectory });
      const { locked } = buildRequest;
      if (locked !== undefined) requireFresh(locked.file, locked.inputs, inputs);
      const build: DebBuild = {
        host,
        request: buildRequest,
        paths,
        providerId,
        architecture: architecture.deb,
        sources,
        snapshots: snapshotUrls(files),
        requests,
        exclude,
        toolPackages,
        atEnd,
      };
      const packages = packageSteps(build);
      const tree = treeSteps(build, packages);
      const { image, ends } = rawImageSteps(build, packages, tree, architecture);
      const packagesEnd = stageEnd("packages", [packages.store], async () => [paths.packageCache]);
      const allEnds = { packages: packagesEnd, ...ends };
      return { lock: packages.lock, lockInputs: inputs, baseTree: tree.baseTree, image, ends: allEnds };
    },
  };
}

/** Debian's kernels are all called linux-image; without one, the image could not start. */
function checkKernel({ systemConfig }: ImageTemplate): Finding[] {
  const packages = [...(systemConfig?.kernel?.packages ?? []), ...(systemConfig?.packages ?? [])];
  if (packages.some((name) => name.startsWith("linux-image"))) return [];
  const message = "no kernel is among the packages";
  return [
    { path: "systemConfig.kernel", message, hint: 'Add "linux-image-amd64" or "linux-image-arm64" to kernel.packages' },
  ];
}

function requireArchitecture(name: string): Architecture {
  const architecture = architectureOf(name);
  if (architecture !== undefined) return architecture;
  throw new ComposerError("TEMPLATE_UNSUPPORTED", `Cannot build for "${name}": this architecture is not supported yet`);
}
