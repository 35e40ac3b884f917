import type { Command } from "commander";
import { fetchBuildPackages, type FetchReport } from "../../build/index.ts";
import { formatSize } from "../../core/index.ts";
import type { CliContext } from "../context.ts";
import { type FetchRequestFlags, withFetchRequest } from "../fetch-request.ts";
import { MIRROR_OPTION } from "../mirror-option.ts";
import { readNamedLock } from "../named-lock.ts";

interface FetchFlags extends FetchRequestFlags {
  readonly locked?: true;
  readonly json?: true;
}

export function registerFetch(program: Command, context: CliContext): void {
  program
    .command("fetch")
    .description("fill the cache with all packages that the build of a template needs, for build --offline")
    .argument("<template>", "template file")
    .option("--locked", "fetch exactly the packages of NAME.lock.json beside the template; read no index")
    .option("--json", "print what was done as JSON")
    .option(...MIRROR_OPTION)
    .action((file: string, flags: FetchFlags) => fetchPackagesOf(context, file, flags));
}

async function fetchPackagesOf(context: CliContext, file: string, flags: FetchFlags): Promise<void> {
  const readLock = async () => (flags.locked === true ? { locked: await readNamedLock(context, file) } : {});
  const report = await withFetchRequest(context, file, flags, readLock, (request) =>
    fetchBuildPackages(context.host, request),
  );
  context.print(flags.json === true ? JSON.stringify({ schemaVersion: 1, ...report }, null, 2) : fetchText(report));
}

function fetchText({ packageCount, packageBytes, downloadedCount, downloadedBytes, cache }: FetchReport): string {
  const there = `${countText(packageCount)} (${formatSize(packageBytes)}) in "${cache}"`;
  return `${there}, ${downloadText({ downloadedCount, downloadedBytes })}`;
}

/** What came from the network, in words. */
export function downloadText({
  downloadedCount,
  downloadedBytes,
}: Pick<FetchReport, "downloadedCount" | "downloadedBytes">): string {
  return downloadedCount === 0
    ? "nothing was downloaded"
    : `${downloadedCount} downloaded (${formatSize(downloadedBytes)})`;
}

export function countText(packageCount: number): string {
  return packageCount === 1 ? "1 package" : `${packageCount} packages`;
}
