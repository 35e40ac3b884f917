import path from "node:path";
import type { Command } from "commander";
import { vendorPackages, type VendorReport } from "../../build/index.ts";
import { formatSize } from "../../core/index.ts";
import { lockFilePath } from "../../ospackage/index.ts";
import type { CliContext } from "../context.ts";
import { type FetchRequestFlags, withFetchRequest } from "../fetch-request.ts";
import { MIRROR_OPTION } from "../mirror-option.ts";
import { readNamedLock } from "../named-lock.ts";
import { countText, downloadText } from "./fetch.ts";

interface VendorFlags extends FetchRequestFlags {
  readonly json?: true;
}

export function registerVendor(program: Command, context: CliContext): void {
  program
    .command("vendor")
    .description(
      "copy the packages of a template's lock, and the signed metadata that vouches for them, to a directory",
    )
    .argument("<template>", "template file, with NAME.lock.json beside it")
    .argument("<dir>", "directory that does not exist, is empty, or was made by this command before")
    .option("--json", "print what was done as JSON")
    .option(...MIRROR_OPTION)
    .option("--offline", "ask no repository; packages must be in the directory or in the cache")
    .action((file: string, directory: string, flags: VendorFlags) => vendor(context, file, directory, flags));
}

async function vendor(context: CliContext, file: string, directory: string, flags: VendorFlags): Promise<void> {
  const { host } = context;
  const absolute = (name: string): string => path.resolve(host.environment.workingDirectory, name);
  const readLock = async () => ({ locked: await readNamedLock(context, file) });
  const report = await withFetchRequest(context, file, flags, readLock, (request) =>
    vendorPackages(host, request, absolute(lockFilePath(file)), absolute(directory)),
  );
  const text = flags.json === true ? JSON.stringify({ schemaVersion: 1, ...report }, null, 2) : vendorText(report);
  context.print(text);
}

function vendorText(report: VendorReport): string {
  const { directory, packageCount, packageBytes, writtenCount, keptCount, removedCount, repositories } = report;
  const there = `${countText(packageCount)} (${formatSize(packageBytes)}) in "${directory}"`;
  const changes = `files: ${writtenCount} written, ${keptCount} kept, ${removedCount} removed`;
  const incomplete = repositories.filter(({ complete }) => !complete).map(({ id }) => id);
  const chain =
    incomplete.length === 0
      ? "signed metadata: complete"
      : `signed metadata: not complete for ${incomplete.join(", ")} (vendor.json says why)`;
  return [`${there}, ${downloadText(report)}`, changes, chain].join("\n");
}
