import type { Command } from "commander";
import { checkHost, type HostCheck } from "../../chroot/index.ts";
import type { CliContext } from "../context.ts";

export function registerDoctor(program: Command, context: CliContext): void {
  program
    .command("doctor")
    .description("tell what this host lacks for a build, and how to get it")
    .option("--json", "print the checks as JSON")
    .action(async (options: { readonly json?: true }) => {
      const checks = await checkHost(context.host);
      context.print(options.json === true ? JSON.stringify(checks, undefined, 2) : formatChecks(checks));
      if (checks.some(({ ok }) => !ok)) context.setExitCode(3);
    });
}

function formatChecks(checks: readonly HostCheck[]): string {
  const lines = checks.map(({ name, ok, found, fix }) => {
    const line = `${ok ? "ok     " : "MISSING"}  ${name}: ${found}`;
    return ok || fix === undefined ? line : `${line}\n         fix: ${fix}`;
  });
  const verdict = checks.every(({ ok }) => ok) ? "This host can build images." : "This host cannot build images yet.";
  return [...lines, verdict].join("\n");
}
