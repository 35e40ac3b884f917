import type { Host } from "../host/index.ts";
import type { Lock, LockFile } from "../ospackage/index.ts";
import { type BuildRequest, initProvider, type ImageSteps } from "../provider/index.ts";
import { buildPaths } from "./build-paths.ts";
import { codeDigest } from "./code-digest.ts";
import { createStepRun } from "./run-steps.ts";

/**
 * Chooses the packages of a template as a build would, and stops there.
 *
 * @returns what a lock file says
 * @throws {UnknownPackagesError} no repository has what the template asks for
 * @throws {RESOLVER_UNSATISFIABLE} packages exclude each other
 */
export async function resolvePackages(host: Host, request: BuildRequest): Promise<LockFile> {
  const { lock, inputs } = await chooseIn(host, request);
  return { lock, inputs };
}

/**
 * The same for a lock file, which also says when packages were built: indexes of Debian don't, so its packages are asked.
 *
 * @param known an earlier lock of the template: what is not on this machine is not asked for again
 * @throws as {@link resolvePackages}
 */
export async function lockPackages(host: Host, request: BuildRequest, known?: Lock): Promise<LockFile> {
  const { lock, inputs, steps } = await chooseIn(host, request);
  const times = [...(known?.packages ?? []), ...(known?.toolPackages ?? [])].flatMap(({ sha256, buildTimeSeconds }) =>
    buildTimeSeconds === undefined ? [] : [[sha256, buildTimeSeconds] as const],
  );
  return { inputs, lock: await steps.withBuildTimes(lock, new Map(times)) };
}

async function chooseIn(host: Host, request: BuildRequest): Promise<LockFile & { readonly steps: ImageSteps }> {
  const provider = await initProvider(host, request);
  const { template } = request.template;
  const paths = buildPaths(request.settings, provider.id, template.systemConfig?.name ?? template.image.name);
  await using atEnd = new AsyncDisposableStack();
  const steps = await provider.buildImage(host, request, paths, atEnd);
  const run = createStepRun({
    codeDigest: await codeDigest(host.files),
    reuse: true,
    emit: request.emit,
    clock: host.clock,
  });
  return { steps, inputs: steps.lockInputs, lock: await run.get(steps.lock) };
}
