import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import { parseRelations, type DebPackage } from "../../src/ospackage/deb/index.ts";
import { resolveDeb, type Resolution } from "../../src/ospackage/resolver/resolve-deb.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";

const CURATED: readonly (readonly string[])[] = [
  [],
  ["openssh-server"],
  ["systemd", "systemd-resolved", "dbus", "udev"],
  ["linux-image-amd64", "dracut"],
  ["linux-image-amd64", "initramfs-tools", "systemd-boot", "zstd"],
  ["nginx", "php-fpm", "mariadb-server"],
  ["postgresql", "python3-django"],
  ["docker.io", "git", "curl", "ca-certificates"],
  ["apache2", "exim4"],
  ["mailutils"],
  ["build-essential", "cmake", "pkgconf"],
  ["network-manager", "wpasupplicant", "bluez"],
  ["xfce4", "lightdm"],
  ["default-jre-headless", "maven"],
  ["qemu-system-x86", "libvirt-daemon-system"],
  ["ansible", "vim", "tmux", "htop"],
  ["grub-efi-amd64", "shim-signed", "cryptsetup-initramfs", "lvm2"],
  ["gnome-core"],
  ["texlive-latex-base", "pandoc"],
  ["kubernetes-client", "containerd", "nftables", "chrony"],
];

const archive = openAptArchive("trixie");
afterAll(() => archive?.remove());

describe.skipIf(archive === undefined)("resolveDeb() on Debian 13 (skipped without apt and Debian's keys)", () => {
  if (archive === undefined) return;
  const { repository } = archive;
  const essential: readonly string[] = [...repository.index.essential(), ...repository.index.required()].map(
    ({ name }) => name,
  );

  function resolve(names: readonly string[]): Resolution {
    const requests = names.map((text) => ({ text, origin: "oracle" }));
    return resolveDeb({ repositories: [repository], architecture: "amd64", requests, includeEssential: true });
  }

  it("chooses the same packages as apt-get for 19 of 20 sets", () => {
    const differences = CURATED.flatMap((names) => {
      const ours = versionsIn(resolve(names));
      const theirs = archive.simulateInstall([...new Set([...essential, ...names])]);
      if (theirs === undefined) return [`${names.join(" ")}: apt-get refuses`];
      const only = (a: readonly string[], b: readonly string[]) => a.filter((entry) => !b.includes(entry)).join(", ");
      const [extra, missing] = [only(ours, theirs), only(theirs, ours)];
      return extra === "" && missing === "" ? [] : [`${names.join(" ")}: only ours: ${extra}; only apt's: ${missing}`];
    });
    expect(differences.length, differences.join("\n")).toBeLessThanOrEqual(CURATED.length / 20);
  });

  it("takes less than half a second for a system with kernel, initramfs and SSH", () => {
    const start = performance.now();
    resolve(["linux-image-amd64", "dracut", "systemd-boot", "openssh-server", "network-manager"]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it.skipIf(!hasDose())(
    "chooses sets that dose-debcheck can install as a whole (skipped without dose-distcheck)",
    () => {
      for (const names of CURATED) {
        const chosen = resolve(names).packages.map((resolved) => resolved.package);
        const everything = chosen.map(({ name, version }) => `${name} (= ${version})`);
        const stanzas = [...chosen.map(stanza), pseudoPackage("everything", everything)];
        expect([...doseFailures(stanzas, ["everything"])], names.join(" ")).toEqual([]);
      }
    },
  );

  it.skipIf(!hasDose())(
    "agrees with dose-debcheck on what can be installed together (skipped without dose-distcheck)",
    () => {
      const names = [...repository.index.names()];
      const packages = names.flatMap((name) => repository.index.byName(name));
      const sets = new Map(
        randomSets(150, names, rivalDependents(packages)).map((requests, at) => [`set-${at}`, requests]),
      );
      const universe = packages.map(stanza);
      const pseudo = [...sets].map(([name, depends]) => pseudoPackage(name, depends));
      const broken = doseFailures([...universe, ...pseudo], [...sets.keys()]);
      expect(broken.size).toBeGreaterThan(sets.size / 10);
      expect(broken.size).toBeLessThan((sets.size * 9) / 10);
      for (const [set, requests] of sets) expect(isSatisfiable(requests), requests.join(" ")).toBe(!broken.has(set));
    },
  );

  function isSatisfiable(names: readonly string[]): boolean {
    const requests = names.map((text) => ({ text, origin: "oracle" }));
    try {
      resolveDeb({ repositories: [repository], architecture: "amd64", requests, includeEssential: false });
      return true;
    } catch (error) {
      if (isComposerError(error, "RESOLVER_UNSATISFIABLE")) return false;
      throw error;
    }
  }
});

function versionsIn({ packages }: Resolution): readonly string[] {
  return packages.map(({ package: { name, version } }) => `${name} ${version}`).sort();
}

/** Pairs of packages that need two packages of which one conflicts with the other: hardly ever installable together. */
function rivalDependents(packages: readonly DebPackage[]): readonly (readonly string[])[] {
  const namesIn = (relations: string) => {
    return parseRelations(relations).flatMap(([first, second]) => (first && !second ? [first] : []));
  };
  const dependentOf = new Map(
    packages.flatMap(({ name, depends }) => namesIn(depends).map((need) => [need.name, name] as const)),
  );
  return packages.flatMap(({ name, conflicts }) => {
    const first = dependentOf.get(name);
    return namesIn(conflicts).flatMap((rival) => {
      const second = dependentOf.get(rival.name);
      return first === undefined || second === undefined || rival.name === name ? [] : [[first, second]];
    });
  });
}

/** One to fifteen names at random, in every second set also one of the pairs; the same sets each time. */
function randomSets(
  count: number,
  names: readonly string[],
  pairs: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  let state = 1;
  const randomOf = <T>(items: readonly T[]): readonly T[] => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return items.slice(Math.floor((state / 2 ** 32) * items.length)).slice(0, 1);
  };
  return Array.from({ length: count }, (_, at) => [
    ...Array.from({ length: 1 + (at % 15) }, () => randomOf(names)).flat(),
    ...(at % 2 === 0 ? [] : randomOf(pairs).flat()),
  ]);
}

function stanza(chosen: DebPackage): string {
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
    Provides: chosen.provides,
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

function pseudoPackage(name: string, depends: readonly string[]): string {
  return `Package: ${name}\nVersion: 1\nArchitecture: amd64\nDepends: ${depends.join(", ")}\n`;
}

function hasDose(): boolean {
  return spawnSync("dose-debcheck", ["--version"]).status === 0;
}

/** The names among `checked` that dose-debcheck cannot install within the stanzas. */
function doseFailures(stanzas: readonly string[], checked: readonly string[]): ReadonlySet<string> {
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
