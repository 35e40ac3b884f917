import path from "node:path";
import type { SourcePosition } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import {
  type Issue,
  type JsonSchema,
  type Mapping,
  Positions,
  checkSchema,
  entryOf,
  firstIssues,
  isContainer,
  isMapping,
  IssuesError,
  readDocument,
} from "../document/index.ts";
import configurationSchema from "../../../schema/os-image-composer.schema.json" with { type: "json" };
import type { ConfigurationFile } from "./schema.ts";

/** A configuration file that was checked. */
export interface ReadConfiguration {
  readonly content: ConfigurationFile;
  /** Where the key at a path such as `core.cache_dir` was written. */
  readonly positionOf: (key: string) => SourcePosition | undefined;
}

/** Two names for one thing: the older one, and the one that is used everywhere else. */
export const OLDER_NAMES: Readonly<Record<string, string>> = {
  "core.cache_dir": "cache_dir",
  "core.work_dir": "work_dir",
};

/** @throws {CONFIG_INVALID} with every mistake of the file in its details */
export async function readConfiguration(
  { files, environment }: Pick<Host, "files" | "environment">,
  file: string,
): Promise<ReadConfiguration> {
  const positions = new Positions();
  const absolute = path.resolve(environment.workingDirectory, file);
  const document = await readDocument(files, absolute, file, "CONFIG_INVALID", positions);
  // A file that holds only comments is an empty configuration.
  const value = document.isReadable && document.value === null ? {} : document.value;
  const found = document.isReadable
    ? checkSchema(value, configurationSchema as JsonSchema, "CONFIG_INVALID", positions)
    : [];
  const contradictions = isMapping(value) ? [...saidTwice(value, positions), ...notKept(value, positions)] : [];
  const issues = firstIssues(file, document.issues, found, contradictions);
  if (issues.length > 0 || !isMapping(value)) {
    throw new IssuesError(`configuration "${file}"`, issues, new Map([[file, document.text]]));
  }
  const positionOf = (key: string): SourcePosition | undefined => {
    const steps = key.split(".");
    const span = valueAt(value, steps) === undefined ? undefined : positions.find(value, steps, "key");
    return span === undefined ? undefined : { file: span.file, line: span.line, column: span.column };
  };
  return { content: value, positionOf };
}

function saidTwice(root: Mapping, positions: Positions): Issue[] {
  return Object.entries(OLDER_NAMES).flatMap(([older, name]) => {
    const [olderPath, namePath] = [older.split("."), name.split(".")];
    if (valueAt(root, olderPath) === undefined || valueAt(root, namePath) === undefined) return [];
    const position = positions.find(root, olderPath, "key");
    const other = positions.find(root, namePath, "key");
    const place = other === undefined ? "" : ` in ${other.file}:${other.line}:${other.column}`;
    return [
      {
        code: "CONFIG_INVALID",
        path: older,
        message: `says what "${name}"${place} says, too`,
        hint: "Keep one of them",
        ...(position === undefined ? {} : { position }),
      },
    ];
  });
}

/** Memory is gone when a build ends. */
function notKept(root: Mapping, positions: Positions): Issue[] {
  const storage = valueAt(root, ["tree_storage"]);
  if (storage !== "tmpfs" || valueAt(root, ["core", "cleanup_on_failure"]) !== false) return [];
  const position = positions.find(root, ["core", "cleanup_on_failure"], "key");
  return [
    {
      code: "CONFIG_INVALID",
      path: "core.cleanup_on_failure",
      message:
        "false keeps trees of failed builds, but tree_storage: tmpfs makes them in memory, which ends with the build",
      hint: "Set tree_storage to disk or auto",
      ...(position === undefined ? {} : { position }),
    },
  ];
}

function valueAt(root: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((value, step) => (isContainer(value) ? entryOf(value, step) : undefined), root);
}
