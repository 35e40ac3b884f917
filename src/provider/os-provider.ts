import path from "node:path";
import type { Finding, ImageTemplate } from "../config/index.ts";
import { type Architecture, architectureOf, ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { lockInputs, requireFresh } from "../ospackage/index.ts";
import { exclusionLines, packageRequests } from "./asked-packages.ts";
import { withBuildTimes } from "./build-times.ts";
import { debFamily } from "./deb-family.ts";
import { evidenceStep } from "./evidence-step.ts";
import { initrdSteps } from "./initrd-steps.ts";
import { filesOf, packageLocation, packageSteps } from "./package-steps.ts";
import type { PackageFamily, ProviderBuild } from "./provider-build.ts";
import { type ProviderFiles, readProviderFiles } from "./provider-files.ts";
import { type BuildPaths, type BuildRequest, type Provider, stageEnd } from "./provider.ts";
import { rawImageSteps } from "./raw-image-steps.ts";
import { repositorySources, snapshotUrls } from "./repository-sources.ts";
import { snapshotAddresses } from "./snapshot-addresses.ts";
import { rpmFamily } from "./rpm-family.ts";
import { treeSteps } from "./tree-steps.ts";

const FAMILIES: Readonly<Record<ProviderFiles["packageFormat"], PackageFamily>> = { deb: debFamily, rpm: rpmFamily };

/**
 * Selects the provider of a template: the one that the data in `config/osv/{os}/{dist}` describe.
 *
 * @throws {PROVIDER_UNKNOWN} there are none for this distribution and architecture
 * @throws {CONFIG_INVALID} they are not what they should be
 */
export async function initProvider(host: Host, request: BuildRequest): Promise<Provider> {
  const { os, dist, arch } = request.template.template.target;
  const files = await readProviderFiles(host, path.join(request.settings.configDir, "osv", os, dist), arch);
  const providerId = `${os}-${dist}-${arch}`;
  const shared = { host, providerId, files, architecture: requireArchitecture(arch) };
  return {
    id: providerId,
    preProcess: (template) => checkKernel(template, files.kernel),
    ask: async (_, buildRequest, paths, subject, question) => {
      await using atEnd = new AsyncDisposableStack();
      const build = await describeBuild({ ...shared, request: buildRequest, paths, atEnd });
      return build.family.ask(build, subject, question);
    },
    buildImage: async (_, buildRequest, paths, atEnd) => {
      const build = await describeBuild({ ...shared, request: buildRequest, paths, atEnd });
      const { requests, exclude, toolPackages, sources } = build;
      const baseDirectory = path.dirname(buildRequest.template.file);
      const inputs = lockInputs({
        providerId,
        requests,
        exclude: exclude.map(({ text }) => text),
        toolPackages,
        sources,
        baseDirectory,
      });
      const { locked } = buildRequest;
      if (locked !== undefined) requireFresh(locked.file, locked.inputs, inputs);
      const packages = packageSteps(build);
      const tree = treeSteps(build, packages);
      const { image, ends } = rawImageSteps(build, packages, tree, initrdSteps(build, packages, tree));
      const packagesEnd = stageEnd("packages", [packages.store], async () => [paths.packageCache]);
      const allEnds = { packages: packagesEnd, ...ends };
      return {
        lock: packages.lock,
        withBuildTimes: (lock, known) => withBuildTimes(build, lock, known),
        lockInputs: inputs,
        origins: {
          sources,
          archivesOf: ({ id, dateSeconds }) => snapshotAddresses(build.snapshots.get(id), dateSeconds, ""),
          locate: (locked) => packageLocation(build, locked, locked.sha256),
          check: (packages, stored) => build.family.checkFiles(build, filesOf(packages, stored)),
        },
        baseTree: tree.baseTree,
        image,
        ends: allEnds,
      };
    },
    postProcess: evidenceStep,
  };
}

interface DescribedBuild extends Pick<ProviderBuild, "host" | "providerId" | "architecture" | "atEnd"> {
  readonly files: ProviderFiles;
  readonly request: BuildRequest;
  readonly paths: BuildPaths;
}

async function describeBuild({ files, ...build }: DescribedBuild): Promise<ProviderBuild> {
  const { host, request } = build;
  return {
    ...build,
    family: FAMILIES[files.packageFormat],
    rpmDatabase: files.rpmDatabase,
    sources: await repositorySources(host, request, files),
    snapshots: snapshotUrls(files),
    requests: packageRequests(request.template),
    exclude: exclusionLines(request.template),
    toolPackages: files.toolPackages,
  };
}

/** Without a kernel the image could not start. */
function checkKernel({ systemConfig }: ImageTemplate, { prefix, usual }: ProviderFiles["kernel"]): Finding[] {
  const packages = [...(systemConfig?.kernel?.packages ?? []), ...(systemConfig?.packages ?? [])];
  if (packages.some((name) => name.startsWith(prefix))) return [];
  const hint = `Add "${usual}" to kernel.packages`;
  return [{ path: "systemConfig.kernel", message: "no kernel is among the packages", hint }];
}

function requireArchitecture(name: string): Architecture {
  const architecture = architectureOf(name);
  if (architecture !== undefined) return architecture;
  throw new ComposerError("TEMPLATE_UNSUPPORTED", `Cannot build for "${name}": this architecture is not supported yet`);
}
