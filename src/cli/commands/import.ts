import path from "node:path";
import { type Command, Option } from "commander";
import {
  FORMAT_WORDS,
  type ImportOptions,
  type ImportedTemplate,
  formatImportedTemplate,
  hidePasswords,
  importTemplate,
} from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import type { CliContext } from "../context.ts";
import { importNotesText } from "../import-notes.ts";

interface ImportFlags {
  readonly output?: string;
  readonly force?: true;
  readonly baseDir?: string;
  readonly arch?: NonNullable<ImportOptions["arch"]>;
  readonly systemConfig?: string;
  readonly keepPasswords?: true;
  readonly json?: true;
}

const SCHEMA_FILE = path.join(import.meta.dirname, "../../../schema/os-image-template.schema.json");

export function registerImport(program: Command, context: CliContext): void {
  program
    .command("import")
    .description("write a template from an Azure Linux imageconfig or an older build specification")
    .argument("<file>", "imageconfig JSON or build specification YAML")
    .option("-o, --output <file>", "write the template there instead of standard output")
    .option("--force", "replace the output file when it exists")
    .option("--base-dir <dir>", "what paths in the file are relative to; otherwise its directory")
    .addOption(new Option("--arch <arch>", "architecture; otherwise guessed from names").choices(["x86_64", "aarch64"]))
    .option("--system-config <name>", "system configuration to import; otherwise the default one")
    .option("--keep-passwords", "write passwords into the template instead of variables")
    .option("--json", "print template and notes as JSON")
    .action((file: string, flags: ImportFlags) => importFile(context, file, flags));
}

async function importFile(context: CliContext, file: string, flags: ImportFlags): Promise<void> {
  const { host } = context;
  const { output, baseDir, arch, systemConfig } = flags;
  if (output !== undefined && flags.force !== true && (await host.files.exists(output))) {
    throw new ComposerError("USAGE", `Cannot write "${output}": it already exists`, { hint: "--force replaces it" });
  }
  const imported = await importTemplate(host, file, {
    ...(output === undefined ? {} : { templateDir: path.dirname(output) }),
    ...(baseDir === undefined ? {} : { baseDir }),
    ...(arch === undefined ? {} : { arch }),
    ...(systemConfig === undefined ? {} : { systemConfig }),
  });
  const hidden = hidePasswords(imported.template);
  const template = flags.keepPasswords === true ? imported.template : hidden.template;
  const text =
    flags.json === true
      ? `${JSON.stringify({ template, notes: imported.notes }, undefined, 2)}\n`
      : formatImportedTemplate(template, {
          head: headOf(imported, file),
          schema: schemaSeenFrom(context, output),
          positions: imported.positions,
        });
  // Passwords that somebody wants in a file are for that person's eyes.
  const mode = flags.keepPasswords === true && hidden.variables.length > 0 ? 0o600 : 0o644;
  if (output === undefined) context.print(text);
  else await host.files.writeAtomic(output, text, mode);
  const notes = flags.json === true && output === undefined ? undefined : importNotesText(imported);
  if (notes !== undefined) context.printError(notes);
  if (flags.keepPasswords === true) return;
  for (const { name, user } of hidden.variables) {
    context.printError(`NOTE: The password of "${user}" is not written: set ${name} when you build`);
  }
}

function headOf({ format, notes }: ImportedTemplate, file: string): string[] {
  const lost = notes.filter(({ kind }) => kind !== "assumed").length;
  const rest =
    lost === 0
      ? []
      : [`What is not carried over as it was, the import listed: ${lost} ${lost === 1 ? "thing" : "things"}.`];
  return [`Imported from the ${FORMAT_WORDS[format]} ${path.basename(file)}.`, ...rest];
}

/** As an editor finds it from the directory of the template. */
function schemaSeenFrom({ host }: CliContext, output: string | undefined): string {
  const directory = path.resolve(host.environment.workingDirectory, output === undefined ? "." : path.dirname(output));
  return path.relative(directory, SCHEMA_FILE);
}
