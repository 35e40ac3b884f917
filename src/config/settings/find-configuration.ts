import path from "node:path";
import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";

/** Where a configuration was looked for. */
export interface FoundConfiguration {
  /** As messages show it; absent when there is none. */
  readonly file?: string;
  /** Every place that was looked at, in order; the last is the file that was found. */
  readonly searched: readonly string[];
}

/**
 * The first of: `--config`, the working directory, the home directory, /etc.
 *
 * @param named what `--config` says; only this place is then looked at
 * @throws {CONFIG_INVALID} the named file is not there
 */
export async function findConfiguration(
  { files, environment }: Pick<Host, "files" | "environment">,
  named: string | undefined,
): Promise<FoundConfiguration> {
  const { workingDirectory } = environment;
  if (named !== undefined) {
    if (await files.exists(path.resolve(workingDirectory, named))) return { file: named, searched: [named] };
    throw new ComposerError("CONFIG_INVALID", `Cannot read configuration "${named}": it does not exist`, {
      hint: "Name an existing file with --config, leave --config out, or write one with config init",
    });
  }
  const searched: string[] = [];
  for (const place of placesOf(environment.homeDirectory)) {
    searched.push(place);
    if (await files.exists(path.resolve(workingDirectory, place))) return { file: place, searched };
  }
  return { searched };
}

function placesOf(homeDirectory: string): string[] {
  const names = [
    "os-image-composer.yml",
    ".os-image-composer.yml",
    "os-image-composer.yaml",
    ".os-image-composer.yaml",
  ];
  const directories = [
    path.join(homeDirectory, ".os-image-composer"),
    path.join(homeDirectory, ".config/os-image-composer"),
    "/etc/os-image-composer",
  ];
  return [...names, ...directories.flatMap((one) => [path.join(one, "config.yml"), path.join(one, "config.yaml")])];
}
