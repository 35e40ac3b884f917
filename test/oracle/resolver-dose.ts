import { spawnSync } from "node:child_process";
import type { DebPackage } from "../../src/ospackage/index.ts";

export function hasDose(): boolean {
  return spawnSync("dose-debcheck", ["--version"]).status === 0;
}

/** A package as dose-debcheck reads it. */
export function stanza(chosen: DebPackage): string {
  const fields = {
    Package: chosen.name,
    Version: chosen.version,
    Architecture: chosen.architecture,
    // dose drops Breaks against versioned Provides between packages that are "same", which apt and dpkg honour; with one
    // architecture "same" means nothing else.
    "Multi-Arch": chosen.multiArch === "same" ? "" : chosen.multiArch,
    Depends: chosen.depends,
    "Pre-Depends": chosen.preDepends,
    Conflicts: chosen.conflicts,
    Breaks: chosen.breaks,
    Provides: [chosen.provides, `${itself(chosen.name)} (= ${chosen.version})`]
      .filter((text) => text !== "")
      .join(", "),
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

/** A name that no other package provides: a request means the package itself, which a Depends cannot say. */
export function itself(name: string): string {
  return `itself--${name}`;
}

/** A package that is only there to be asked about. */
export function pseudoPackage(name: string, depends: readonly string[]): string {
  return `Package: ${name}\nVersion: 1\nArchitecture: amd64\nDepends: ${depends.join(", ")}\n`;
}

/** The names among `checked` that dose-debcheck cannot install within the stanzas. */
export function doseFailures(stanzas: readonly string[], checked: readonly string[]): ReadonlySet<string> {
  const options = [
    "--deb-native-arch=amd64",
    "--failures",
    `--checkonly=${checked.map((name) => `${name}:amd64`).join(",")}`,
  ];
  const { stdout, stderr, status } = spawnSync("dose-debcheck", options, {
    input: stanzas.join("\n"),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  // 0: nothing is broken; 1 to 63: something is.
  if (status === null || status > 63) throw new Error(`dose-debcheck failed: ${stderr}`);
  return new Set([...stdout.matchAll(/^\s*package: (\S+)$/gm)].map(([, name]) => name ?? ""));
}
