import path from "node:path";
import type { Bind } from "../../chroot/index.ts";
import { ComposerError, type EventSink, isComposerError, type SourcePosition } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type ImageTree, openImageTree } from "./image-tree.ts";
import type { ScriptSection } from "./sections.ts";

/** Runs a program in a root tree, without network and with the environment of package scripts; fails like `ProcessRunner.run`. */
export type RunInRoot = (
  argv: readonly [string, ...string[]],
  options?: {
    readonly onLine?: (line: string) => void;
    readonly env?: Readonly<Record<string, string>>;
    readonly binds?: readonly Bind[];
  },
) => Promise<unknown>;

export interface RunScriptsOptions {
  /** Absolute host path of the tree whose programs run the scripts. */
  readonly root: string;
  readonly run: RunInRoot;
  /** Where a script sees the image's tree: what it finds in IMAGE_ROOT. */
  readonly imageRoot: string;
  /** Where the template names the scripts. */
  readonly field: "preInstallScripts" | "postInstallScripts";
  /** What the tree is called in messages. */
  readonly place: "the image" | "the tool root";
  readonly emit: EventSink;
  readonly positionOf?: (templatePath: string) => SourcePosition | undefined;
}

/** Where a script is seen inside the tree: on a tmpfs that ends with it. */
const SCRIPT_DIRECTORY = "/run/os-image-composer";
const DEFAULT_INTERPRETER = "/bin/bash";

/**
 * Runs the template's scripts in order, each with its arguments and environment.
 *
 * The interpreter is the template's, else that of the script's first line, else bash. The scripts themselves are never
 * in the tree.
 *
 * @param scripts `file` is an absolute path
 * @throws {TEMPLATE_INVALID} a script cannot be read, or its interpreter is not in the tree
 * @throws {CONFIGURATION_COMMAND_FAILED} a script failed
 */
export async function runScripts(
  host: Pick<Host, "files">,
  scripts: readonly ScriptSection[],
  options: RunScriptsOptions,
): Promise<void> {
  const tree = openImageTree(host, options.root);
  for (const [index, script] of scripts.entries()) {
    const templatePath = `systemConfig.${options.field}[${index}]`;
    const text = await textOf(host, script, templatePath);
    const call = await interpreterOf(tree, script, text, templatePath, options);
    await runScript(host, script, text, call, templatePath, options);
  }
}

async function runScript(
  host: Pick<Host, "files">,
  script: ScriptSection,
  text: string,
  interpreter: readonly [string, ...string[]],
  templatePath: string,
  { root, run, imageRoot, field, emit, positionOf }: RunScriptsOptions,
): Promise<void> {
  const name = nameOf(script, templatePath);
  const directory = host.files.temporaryName(path.dirname(root), "scripts");
  const file = "script";
  const stage = field === "preInstallScripts" ? "compose" : "configuration";
  emit({ type: "info", stage, message: `Running script "${name}"` });
  try {
    await host.files.makeDirectory(directory, 0o700);
    await host.files.write(path.join(directory, file), text, 0o700);
    await run([...interpreter, path.posix.join(SCRIPT_DIRECTORY, file), ...(script.arguments ?? [])], {
      onLine: (line) => emit({ type: "debug", message: `${name}: ${line}` }),
      env: { ...script.environment, IMAGE_ROOT: imageRoot },
      binds: [{ source: directory, target: SCRIPT_DIRECTORY, writable: false }],
    });
  } catch (error) {
    throw commandFailure(error, `script "${name}"`, templatePath, positionOf?.(templatePath));
  } finally {
    await host.files.remove(directory);
  }
}

async function textOf({ files }: Pick<Host, "files">, script: ScriptSection, templatePath: string): Promise<string> {
  const { inline, file = "" } = script;
  if (inline !== undefined) return inline;
  const stat = (await files.exists(file)) ? await files.stat(await files.realPath(file)) : undefined;
  if (stat?.kind === "file") return files.readText(file);
  const state = stat === undefined ? "it does not exist" : "it is no regular file";
  throw new ComposerError("TEMPLATE_INVALID", `Cannot read the script "${file}": ${state}`, {
    hint: "Name the file relative to the directory of the template",
    details: [`named at ${templatePath}.file`],
  });
}

function nameOf({ name, file }: ScriptSection, templatePath: string): string {
  return name ?? (file === undefined ? templatePath : path.basename(file));
}

/** The program that runs a script, with the one argument that a first line may give it. @see execve(2) */
async function interpreterOf(
  tree: ImageTree,
  script: ScriptSection,
  text: string,
  templatePath: string,
  { place }: RunScriptsOptions,
): Promise<readonly [string, ...string[]]> {
  const named = script.interpreter === undefined ? firstLine(text) : [script.interpreter];
  const [program = DEFAULT_INTERPRETER, ...rest] = named;
  const refuse = (state: string, hint: string): ComposerError =>
    new ComposerError("TEMPLATE_INVALID", `Cannot run the script "${nameOf(script, templatePath)}": ${state}`, {
      hint,
      details: [`named at ${templatePath}`],
    });
  if (/^#![^\n]*\r(\n|$)/.test(text)) {
    throw refuse("its lines end in CR LF", "Save it with Unix line ends");
  }
  if ((await tree.target(program))?.kind === "file") return [program, ...rest];
  throw refuse(
    `its interpreter "${program}" is not in ${place}`,
    place === "the image"
      ? "Name another interpreter, or add the package that brings it to systemConfig.packages"
      : "Name an interpreter that the tool root has: the packages of chrootenvConfigFile bring them",
  );
}

function firstLine(text: string): string[] {
  const [, program, argument] = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*))?/.exec(text) ?? [];
  if (program === undefined) return [];
  return argument === undefined || argument.trim() === "" ? [program] : [program, argument.trimEnd()];
}

const FAILURES = ["HOST_PROGRAM_FAILED", "HOST_PROGRAM_TIMEOUT", "HOST_TOOL_MISSING", "HOST_DISK_FULL"] as const;

/** The error for a command of the template that did not work; other errors are given back as they are. */
export function commandFailure(
  error: unknown,
  what: string,
  templatePath: string,
  position: SourcePosition | undefined,
  details: readonly string[] = [],
): unknown {
  if (!isComposerError(error, ...FAILURES)) return error;
  const reason = error.message.replace(/^.*?: /, "");
  const place = position === undefined ? "" : ` (${position.file}:${position.line}:${position.column})`;
  return new ComposerError("CONFIGURATION_COMMAND_FAILED", `Cannot run the ${what}: ${reason}`, {
    hint: "It runs as root, without network; try it in a started image",
    details: [`named at ${templatePath}${place}`, ...details, ...error.details],
    cause: error,
    ...(position === undefined ? {} : { position }),
  });
}
