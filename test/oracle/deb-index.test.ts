import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  encodeDebIndex,
  openDebIndex,
  parseProvides,
  parseRelations,
  parseStanzas,
} from "../../src/ospackage/index.ts";

const MAX_BUFFER = 512 * 1024 * 1024;

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: MAX_BUFFER });
}

/** The largest index that this host's own apt has fetched, and its architecture. */
const architecture = run("dpkg", "--print-architecture").trim();
const target = run("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
  .split("\n")
  .filter((file) => file.includes(`_main_binary-${architecture}_`))
  .map((file) => ({ file, text: run("/usr/lib/apt/apt-helper", "cat-file", file) }))
  .sort((a, b) => b.text.length - a.text.length)[0];

describe.runIf(target !== undefined)("an index of this host's apt", () => {
  const text = target?.text ?? "";
  /** Processor time, which does not depend on what else the machine does. */
  const cpuMs = (since: NodeJS.CpuUsage): number => process.cpuUsage(since).user / 1000;
  const started = process.cpuUsage();
  const encoded = encodeDebIndex(Buffer.from(text), { architecture });
  const encodeMs = cpuMs(started);
  const index = openDebIndex(encoded);

  it("has the same packages as its stanzas", () => {
    const stanzas = parseStanzas(text);
    expect(index.packageCount).toBe(stanzas.length);
    const seen = new Map<string, number>();
    for (const stanza of stanzas) {
      const name = stanza.get("Package") ?? "";
      const position = seen.get(name) ?? 0;
      seen.set(name, position + 1);
      const found = index.byName(name)[position];
      const flat = (field: string): string => (stanza.get(field) ?? "").replaceAll("\n", " ");
      if (
        found?.version !== flat("Version") ||
        found.architecture !== flat("Architecture") ||
        found.path !== flat("Filename") ||
        found.sizeBytes !== Number(flat("Size")) ||
        found.installedSizeBytes !== Number(flat("Installed-Size")) * 1024 ||
        found.sha256 !== flat("SHA256") ||
        found.depends !== flat("Depends") ||
        found.preDepends !== flat("Pre-Depends") ||
        found.breaks !== flat("Breaks") ||
        found.provides !== flat("Provides") ||
        found.maintainer !== flat("Maintainer") ||
        found.essential !== (flat("Essential") === "yes")
      ) {
        expect.fail(`${name}: ${JSON.stringify(found)}`);
      }
    }
    expect([...index.names()]).toEqual([...seen.keys()].sort());
  });

  it("has only relations that parse, and knows every provider", () => {
    let relations = 0;
    for (const name of index.names()) {
      for (const found of index.byName(name)) {
        for (const field of [found.depends, found.preDepends, found.recommends, found.conflicts, found.breaks]) {
          relations += parseRelations(field).length;
        }
        for (const provision of parseProvides(found.provides)) {
          expect(index.providersOf(provision.name)).toContain(found);
        }
      }
    }
    expect(relations).toBeGreaterThan(index.packageCount);
  });

  it("agrees with apt-cache about providers", () => {
    for (const name of ["mail-transport-agent", "awk", "default-mta", "linux-initramfs-tool"]) {
      const shown = run("apt-cache", "showpkg", name).split("Reverse Provides:")[1] ?? "";
      const theirs = new Set(
        shown
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[0]),
      );
      const ours = index.providersOf(name).map((provider) => provider.name);
      expect(ours.length).toBeGreaterThan(0);
      for (const provider of ours) expect(theirs).toContain(provider);
    }
  });

  it("is encoded and opened quickly", () => {
    const openStarted = process.cpuUsage();
    const again = openDebIndex(encoded);
    expect(again.byName("bash").length).toBeGreaterThan(0);
    // Generous: machines differ. It is about 0.8 s and 2 ms.
    expect(encodeMs).toBeLessThan(8000);
    expect(cpuMs(openStarted)).toBeLessThan(200);
  });
});
