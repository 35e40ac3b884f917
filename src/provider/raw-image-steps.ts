import path from "node:path";
import type { RootRunner } from "../chroot/index.ts";
import type { ImageTemplate } from "../config/index.ts";
import { type Json, keyOf, type Sha256Hex, type Step } from "../core/index.ts";
import {
  beginRawImage,
  type BootKernel,
  configureSystem,
  type DiskPlan,
  finishRawImage,
  formatFstab,
  openImageTree,
  partitionAt,
  placeInitrds,
  planDisk,
  planEsp,
  prepareBoot,
  prepareGrowth,
  selinuxCommandLine,
  withGrowingPartition,
} from "../image/index.ts";
import type { ProviderBuild } from "./provider-build.ts";
import type { InitrdSteps } from "./initrd-steps.ts";
import type { PackageSteps } from "./package-steps.ts";
import { digestsOfFiles, digestsOfScripts, withLocalFiles } from "./local-files.ts";
import { type BuiltImage, type ImageSteps, stageEnd } from "./provider.ts";
import { openRawArtifacts } from "./raw-artifacts.ts";
import { saveResultsIn } from "./saved-results.ts";
import type { TreeSteps } from "./tree-steps.ts";

/** A configured root tree, nothing to be changed any more, and where everything on the disk goes. */
interface FinishedTree {
  readonly runner: RootRunner;
  readonly plan: DiskPlan;
  readonly kernels: readonly BootKernel[];
  readonly buildKey: Sha256Hex;
  /** The kernel command line, but for the root file system. */
  readonly cmdline: string;
}

/** Describes how a root tree becomes a raw image: configuration → disk → artifacts. */
export function rawImageSteps(
  build: ProviderBuild,
  { packageSet }: PackageSteps,
  { tools, baseTree, openTree }: TreeSteps,
  initrds: InitrdSteps,
): Pick<ImageSteps, "image"> & { readonly ends: Pick<ImageSteps["ends"], "compose" | "configuration"> } {
  const { host, request, paths, architecture, atEnd } = build;
  const { emit } = request;
  const template = withLocalFiles(request.template);
  const { additionalFiles = [], postInstallScripts = [], preInstallScripts = [] } = template.systemConfig ?? {};
  const record = (name: string): string => path.join(paths.records, `${name}.json`);

  const inputsOfConfiguration = async (): Promise<Json> => ({
    template: publicTemplate(request.template.template) as Json,
    files: await digestsOfFiles(host, additionalFiles),
    scripts: [await digestsOfScripts(host, preInstallScripts), await digestsOfScripts(host, postInstallScripts)],
  });

  const configuredTree: Step<FinishedTree> = {
    name: "configured-tree",
    stage: "configuration",
    title: "Configuring system",
    inputs: [baseTree, initrds.plannedInitrds],
    needs: [openTree],
    settings: async () => ({ ...secretsOf(template), ...((await inputsOfConfiguration()) as object) }),
    run: async (values) => {
      const runner = await values.get(openTree);
      const { sourceDateEpoch } = await values.get(baseTree);
      const buildKey = keyOf({
        inputs: await inputsOfConfiguration(),
        packages: (await values.get(packageSet)).map(({ sha256 }) => sha256),
        sourceDateEpoch,
      });
      const disk = planDisk(template.disk ?? {}, { identity: buildKey, architecture });
      const isGrowing = template.disk?.extendLastPartitionToFillDisk === true;
      const plan = isGrowing ? withGrowingPartition(disk) : disk;
      const { kernel, selinux } = template.systemConfig ?? {};
      const isUnified = kernel?.uki === true;
      const { kernels, isInTree } = await values.get(initrds.plannedInitrds);
      if (isInTree) {
        await initrds.complete();
        await placeInitrds(host, runner.root, kernels);
      }
      const cmdline = await selinuxCommandLine(openImageTree(host, runner.root), selinux?.mode, kernel?.cmdline ?? "");
      await prepareBoot(host, runner.root, plan, { cmdline, isUnified });
      if (isGrowing) await prepareGrowth(host, runner.root, plan);
      await configureSystem(host, {
        root: runner.root,
        template,
        templateDirectory: "/",
        buildKey,
        sourceDateEpoch,
        fstab: formatFstab(plan),
        repositories: build.sources,
        runInImage: (argv, options = {}) => runner.run({ argv, ...options }),
        emit,
        positionOf: request.template.positionOf,
        isDefault: request.template.isDefault,
      });
      return { runner, plan, kernels, buildKey, cmdline };
    },
  };

  const image: Step<BuiltImage> = {
    name: "image",
    stage: "finalize",
    title: "Creating raw disk image",
    inputs: [configuredTree],
    needs: [tools],
    settings: { artifacts: template.disk?.artifacts as Json, image: template.image },
    saved: saveResultsIn(host, {
      record: record("image"),
      filesOf: ({ artifacts }) => artifacts.map((artifact) => artifact.path),
    }),
    run: async (values) => {
      const { runner, plan, kernels, buildKey, cmdline } = await values.get(configuredTree);
      const toolRunner = await values.get(tools);
      const { sourceDateEpoch } = await values.get(baseTree);
      const { name: kernelName, uki } = template.systemConfig?.kernel ?? {};
      const name = `${template.image.name}-${template.image.version}.raw`;
      const unfinished = host.files.temporaryName(paths.imageBuild, `.${name}`);
      atEnd.defer(() => host.files.remove(unfinished));
      await using files = openRawArtifacts(host, toolRunner, {
        image: unfinished,
        finalName: path.join(paths.imageBuild, name),
        wanted: template.disk?.artifacts ?? [{ type: "raw" }],
      });

      const raw = { plan, tree: runner.root, imageFile: unfinished, sourceDateEpoch };
      await files.begin(await beginRawImage(host, toolRunner, raw));
      await initrds.complete();
      const bootFiles = await planEsp(host, {
        root: runner.root,
        architecture,
        kernels,
        cmdline,
        rootPartUuid: partitionAt(plan, "/")?.partUuid ?? "",
        ...(kernelName === undefined ? {} : { kernelName }),
        isUnified: uki === true,
      });
      await finishRawImage(host, raw, bootFiles);
      const artifacts = await files.finish();
      return { artifacts, buildKey };
    },
  };

  return {
    image,
    ends: {
      compose: stageEnd("compose", [baseTree, initrds.plannedInitrds], async (values) => {
        const { kernels } = await values.get(initrds.plannedInitrds);
        await initrds.complete();
        return [(await values.get(baseTree)).archive, ...kernels.map((kernel) => kernel.initrd)];
      }),
      configuration: stageEnd("configuration", [configuredTree], async (values) => {
        return [(await values.get(configuredTree)).runner.root];
      }),
    },
  };
}

/** The template as it may be shown and hashed in public: a digest of a short password would tell the password. */
function publicTemplate(template: ImageTemplate): unknown {
  const users = template.systemConfig?.users?.map((user) =>
    user.password === undefined ? user : { ...user, password: user.password === "" ? "" : "[REDACTED]" },
  );
  if (users === undefined) return template;
  return { ...template, systemConfig: { ...template.systemConfig, users } };
}

/** Only for keys that stay on this machine. */
function secretsOf(template: ImageTemplate): { secrets: Json } {
  return { secrets: template.systemConfig?.users?.map(({ name, password }) => [name, password ?? null]) ?? [] };
}
