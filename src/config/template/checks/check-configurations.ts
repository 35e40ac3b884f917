import type { DocumentPath, Finding } from "../../document/index.ts";
import type { ConfigurationSection } from "../schema/files.ts";

/** Commands have a text; what other tools write beside it has no effect. */
export function checkConfigurations(configurations: readonly ConfigurationSection[]): Finding[] {
  return configurations.flatMap((configuration, index): Finding[] => {
    const path = ["systemConfig", "configurations", index];
    const { cmd } = configuration;
    const ignored = Object.keys(configuration).filter((key) => key !== "cmd");
    return [
      ...ignored.map((key): Finding => ({
        path: [...path, key],
        message: 'has no effect: only "cmd" is run',
        severity: "warning",
      })),
      ...(cmd === undefined && ignored.length === 0
        ? [{ path, message: 'is empty: it has no "cmd"', severity: "warning" } as const]
        : []),
      ...(cmd?.trim() === "" ? [{ path: [...path, "cmd"], message: "must not be empty" }] : []),
      ...(cmd === undefined ? [] : hostKeyWarning(cmd, [...path, "cmd"])),
    ];
  });
}

/** Keys that are made with the image are the same on every device that it is written to. */
export function hostKeyWarning(command: string, path: DocumentPath): Finding[] {
  if (!/\bssh-keygen\s+(-\S+\s+)*-\w*A\b/.test(command)) return [];
  const hint = "Remove the command: host keys are made at the first boot anyway";
  const message = "all devices would have the same SSH host keys";
  return [{ path, message, hint, severity: "warning" }];
}
