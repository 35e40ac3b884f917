import path from "node:path";
import type { Command } from "commander";
import { lockPackages, resolvePackages } from "../../build/index.ts";
import { requireSupported } from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import {
  compareLocks,
  formatLockChanges,
  formatLockFile,
  type LockChanges,
  type LockFile,
  lockFilePath,
  type LockNames,
  readLockFile,
  requireLocked,
  summarizeLockChanges,
} from "../../ospackage/index.ts";
import type { BuildRequest } from "../../provider/index.ts";
import { withPositions } from "../check-packages-online.ts";
import type { CliContext } from "../context.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import { MIRROR_OPTION, type MirrorFlags, withMirrors } from "../mirror-option.ts";
import { openReporter } from "../open-reporter.ts";

interface LockFlags {
  readonly output?: string;
  readonly mirror?: MirrorFlags;
  readonly offline?: true;
  readonly diff?: true;
  readonly update?: true;
  readonly json?: true;
}

export function registerLock(program: Command, context: CliContext): void {
  program
    .command("lock")
    .description("choose the packages of a template and write them to NAME.lock.json beside it, for build --locked")
    .argument("<template>", "template file")
    .argument("[packages...]", "with --update, the packages (names or globs) that may change")
    .option("-o, --output <file>", "write the lock there instead")
    .option("--update", "keep the locked versions of all packages but those that are named")
    .option("--diff", "write nothing; show what would change in the lock")
    .option("--json", "with --diff, print the changes as JSON")
    .option(...MIRROR_OPTION)
    .option("--offline", "ask no repository; indexes must be in the cache")
    .action((file: string, packages: readonly string[], flags: LockFlags) => lock(context, file, packages, flags));
}

async function lock(context: CliContext, file: string, packages: readonly string[], flags: LockFlags): Promise<void> {
  const { host } = context;
  const [unmeant] = flags.update === true ? [] : packages;
  if (unmeant !== undefined) throw usage(`"${unmeant}" is a second argument`, "Packages to update follow --update");
  if (flags.json === true && flags.diff !== true) throw usage("--json is for --diff", "Add --diff");
  const settings = withMirrors(await context.settings(), flags.mirror);
  const template = await loadCheckedTemplate(context, file);
  requireSupported(template);
  const beside = lockFilePath(file);
  const update = flags.update === true ? packages : undefined;
  const needsOld = flags.diff === true || update !== undefined;
  const old = await readOld(context, { file: beside, template: file }, needsOld);
  if (old !== undefined && update !== undefined) requireLocked(old.lock, update);

  const reporter = await openReporter(context, settings);
  const request: BuildRequest = {
    template,
    settings,
    offline: flags.offline === true,
    emit: reporter.emit,
    log: () => undefined,
    ...(old === undefined || update === undefined ? {} : { preference: { lock: old.lock, update } }),
  };
  let made: LockFile;
  try {
    made = await withPositions(template, () =>
      flags.diff === true ? resolvePackages(host, request) : lockPackages(host, request, old?.lock),
    );
  } finally {
    reporter.finish();
  }
  const changes = old === undefined ? undefined : compareLocks(old.lock, made.lock);
  if (flags.diff === true && changes !== undefined) return showChanges(context, beside, changes, flags.json === true);
  const target = flags.output ?? beside;
  await host.files.writeAtomic(absolute(context, target), formatLockFile(made));
  if (changes !== undefined) {
    const lines = [`Compared with "${beside}": ${summarizeLockChanges(changes)}`, ...formatLockChanges(changes)];
    context.printError(lines.join("\n"));
  }
  context.print(target);
}

function usage(state: string, hint: string): ComposerError {
  return new ComposerError("USAGE", `Cannot read the command line: ${state}`, { hint });
}

/** A lock that is only replaced may be broken. */
async function readOld(context: CliContext, names: LockNames, isNeeded: boolean): Promise<LockFile | undefined> {
  try {
    return await readLockFile(context.host.files, absolute(context, names.file), names);
  } catch (error) {
    if (isNeeded) throw error;
    return undefined;
  }
}

function showChanges(context: CliContext, file: string, changes: LockChanges, asJson: boolean): void {
  if (asJson) return context.print(JSON.stringify({ schemaVersion: 1, lock: file, ...changes }, null, 2));
  const lines = formatLockChanges(changes);
  context.print(lines.length === 0 ? `"${file}" has the packages that would be chosen now` : lines.join("\n"));
}

function absolute({ host }: CliContext, file: string): string {
  return path.resolve(host.environment.workingDirectory, file);
}
