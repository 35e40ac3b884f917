import type { Command } from "commander";
import {
  hasKeptTrees,
  KEPT_KINDS,
  type KeptFiles,
  type KeptKind,
  listKeptFiles,
  removeKeptFiles,
} from "../../build/index.ts";
import { enterNamespace, isInsideNamespace } from "../../chroot/index.ts";
import { ComposerError, formatSize, nearestOf } from "../../core/index.ts";
import { diskUsage, watchEndingSignals } from "../../host/index.ts";
import type { CliContext } from "../context.ts";

interface CleanFlags {
  readonly packages?: true;
  readonly metadata?: true;
  readonly images?: true;
  readonly workspace?: true;
  readonly all?: true;
  readonly providerId?: string;
  readonly dryRun?: true;
}

export function registerCache(program: Command, context: CliContext): void {
  const cache = program.command("cache").description("tell what builds keep, or remove it");
  cache
    .command("info")
    .description("print what is kept between builds, and how much room it takes")
    .option("--json", "print it as JSON")
    .action((options: { readonly json?: true }) => info(context, options.json === true));
  cache
    .command("clean")
    .description("remove what builds keep; finished images in the work directory stay")
    .option("--packages", "downloaded packages")
    .option("--metadata", "indexes of repositories")
    .option("--images", "images of earlier builds")
    .option("--workspace", "tool roots, installed trees, and what --keep-temp or failed builds left")
    .option("--all", "all of these")
    .option("--provider-id <id>", "only what belongs to this os-dist-arch, for example debian-debian13-x86_64")
    .option("--dry-run", "only print what would be removed")
    .action((flags: CleanFlags) => clean(context, flags));
}

async function info(context: CliContext, asJson: boolean): Promise<void> {
  const settings = await context.settings();
  const kept = await listKeptFiles(context.host, settings);
  if ((await goWhereTreesAreOurs(context, kept)) === undefined) return;
  const rows = await Promise.all(
    kept.map(async ({ kind, providerId, paths }) => {
      const { fileCount, sizeBytes } = await diskUsage(paths);
      return { kind, providerId: providerId ?? null, fileCount, sizeBytes };
    }),
  );
  const total = await diskUsage(kept.flatMap(({ paths }) => paths));
  const { cacheDir, workDir } = settings;
  if (asJson) {
    context.print(JSON.stringify({ cacheDir, workDir, kept: rows, sizeBytes: total.sizeBytes }, undefined, 2));
    return;
  }
  const lines = rows.map(({ kind, providerId, fileCount, sizeBytes }) => {
    const files = `${fileCount} ${fileCount === 1 ? "file" : "files"}`;
    return `${kind.padEnd(10)} ${(providerId ?? "all").padEnd(32)} ${formatSize(sizeBytes).padStart(9)}  ${files}`;
  });
  // A file that two kinds share counts once in the sum.
  const places = [`cache: ${cacheDir}`, `work:  ${workDir}`];
  context.print([...places, ...lines, `Total: ${formatSize(total.sizeBytes)}`].join("\n"));
}

async function clean(context: CliContext, flags: CleanFlags): Promise<void> {
  const { host } = context;
  const settings = await context.settings();
  const kept = select(await listKeptFiles(host, settings), flags);
  const signal = await goWhereTreesAreOurs(context, kept);
  if (signal === undefined) return;
  const { freeableBytes } = await diskUsage(kept.flatMap(({ paths }) => paths));
  const size = `${formatSize(freeableBytes)} (${freeableBytes} bytes)`;
  if (flags.dryRun === true) {
    for (const target of kept.flatMap(({ paths }) => paths)) context.print(target);
    context.print(`Would free ${size}`);
    return;
  }
  const onRemoved = (target: string): void => context.print(target);
  await removeKeptFiles(host, settings, kept, { onRemoved, signal });
  context.print(`Freed ${size}`);
}

/** @throws {USAGE} */
function select(kept: readonly KeptFiles[], flags: CleanFlags): KeptFiles[] {
  const kinds = KEPT_KINDS.filter((kind) => flags.all === true || flags[kind] === true);
  if (kinds.length === 0) {
    throw new ComposerError("USAGE", "Cannot clean the caches: nothing is named", {
      hint: `Say --all, or some of ${KEPT_KINDS.map((kind) => `--${kind}`).join(", ")}; cache info shows what is there`,
    });
  }
  const { providerId } = flags;
  if (providerId !== undefined) refuseForProvider(kept, flags, providerId);
  return kept.filter((one) => kinds.includes(one.kind) && (providerId === undefined || one.providerId === providerId));
}

function refuseForProvider(kept: readonly KeptFiles[], flags: CleanFlags, providerId: string): void {
  const shared: KeptKind = "metadata";
  if (flags[shared] === true) {
    throw new ComposerError("USAGE", "Cannot clean the metadata of one provider: providers share it", {
      hint: "Leave out --provider-id or --metadata",
    });
  }
  const known = [...new Set(kept.flatMap((one) => one.providerId ?? []))];
  if (known.includes(providerId)) return;
  const near = nearestOf(providerId, known);
  throw new ComposerError("USAGE", `Cannot clean the caches of "${providerId}": nothing is kept for it`, {
    ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
  });
}

/**
 * Trees that were kept belong to users that only exist inside the namespace of a build.
 *
 * @returns what fires when the work shall end; undefined when the inner half of the program has done it
 */
async function goWhereTreesAreOurs(context: CliContext, kept: readonly KeptFiles[]): Promise<AbortSignal | undefined> {
  const { host } = context;
  const interruption = new AbortController();
  if (isInsideNamespace(host)) watchEndingSignals(() => interruption.abort());
  else if (host.environment.uid !== 0 && (await hasKeptTrees(host, kept))) {
    context.setExitCode(await enterNamespace(host));
    return undefined;
  }
  return interruption.signal;
}
