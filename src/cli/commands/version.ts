import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import packageDescription from "../../../package.json" with { type: "json" };

export function registerVersion(program: Command, context: CliContext): void {
  program
    .command("version")
    .description("print the version of the program")
    .action(() => context.print(`${packageDescription.name} ${packageDescription.version}`));
}
