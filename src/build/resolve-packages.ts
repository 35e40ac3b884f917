import type { Host } from "../host/index.ts";
import type { LockFile } from "../ospackage/index.ts";
import { type BuildRequest, createOsProvider } from "../provider/index.ts";
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
  const provider = await createOsProvider(host, request);
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
  return { inputs: steps.lockInputs, lock: await run.get(steps.lock) };
}
