/**
 * How long the minimal image of Azure Linux 3 takes, beside its parts done by hand with the same packages in the same run:
 * one transaction of the host's rpm, dracut and zstd, one ext4 file system, all in memory.
 *
 * The package cache is warm and everything else empty, but for the tool root where that is said. Packages are those of
 * the fixture distribution; root is needed for the part by hand.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeBootable } from "../test/fixtures/rpm-distribution/bootable/make-bootable.ts";

const ROUNDS = 3;
const COMPOSER = path.resolve(import.meta.dirname, "../os-image-composer");
const SHIPPED = path.resolve(import.meta.dirname, "../image-templates/azl3-x86_64-minimal-raw.yml");

/** `$1` an empty directory, `$2` names of package files, `$3` the key that signed them. Says how many ms each part took. */
const BY_HAND = `set -eu
mount -t tmpfs tmpfs "$1"
root=$1/root
mkdir -p "$root/proc" "$root/dev" "$root/var/lib/rpm"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
rpm --root "$root" --dbpath /var/lib/rpm --import "$3"
lap() { now=$EPOCHREALTIME; echo "$1=$(((\${now/./} - \${last/./}) / 1000))"; last=$EPOCHREALTIME; }
last=$EPOCHREALTIME
xargs rpm --root "$root" --dbpath /var/lib/rpm --install <"$2" >&2
lap transaction
kernel=$(ls "$root/usr/lib/modules")
chroot "$root" dracut --force --no-hostonly --no-compress --kver "$kernel" /run/initrd >&2
zstd -T0 -6 --quiet "$root/run/initrd" -o "$1/initrd"
rm "$root/run/initrd"
lap initrd
umount "$root/proc" "$root/dev"
truncate --size=2G "$1/disk"
mke2fs -q -t ext4 -d "$root" "$1/disk" >&2
lap disk`;

if (process.getuid?.() !== 0) throw new Error("rpm and dracut need root where no namespace is made for them");
const work = mkdtempSync(path.join(tmpdir(), "bench-rpm-build-"));
try {
  const { base, keyFile } = await makeBootable(path.join(work, "distribution"));
  measure(base, keyFile);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function measure(base: string, keyFile: string): void {
  const configuration = path.join(work, "configuration.yml");
  writeFileSync(configuration, `mirrors: { azure-linux: { url: "https://rpm.example.org", keys: ["${keyFile}"] } }\n`);
  const places = ["--mirror", `azure-linux=file://${base}`, "--config", configuration];
  const uncompressed = path.join(work, "uncompressed.yml");
  writeFileSync(uncompressed, `${readFileSync(SHIPPED, "utf8")}disk: { artifacts: [{ type: raw }] }\n`);
  const packages = lockedPackages(base, places);

  const build = (template: string, ...flags: string[]): number => {
    return seconds([COMPOSER, "build", template, ...places, ...flags]);
  };
  const buildFirst = (template: string): number => {
    for (const kept of ["workspace", "cache/repositories", "cache/imageCache"]) {
      rmSync(path.join(work, kept), { recursive: true, force: true });
    }
    return build(template);
  };
  build(SHIPPED); // fills the package cache
  const rounds = Array.from({ length: ROUNDS }, () => ({
    compressed: buildFirst(SHIPPED),
    again: build(SHIPPED, "--no-image-cache"),
    raw: buildFirst(uncompressed),
    hand: byHand(packages, keyFile),
  }));
  const hand = median(rounds.map((round) => Object.values(round.hand).reduce((sum, part) => sum + part, 0)));
  print("build", median(rounds.map(({ compressed }) => compressed)), hand);
  print("build, tool root kept", median(rounds.map(({ again }) => again)), hand);
  print("build, artifact not compressed", median(rounds.map(({ raw }) => raw)), hand);
  print("by hand, not compressed", hand, hand);
  for (const part of ["transaction", "initrd", "disk"]) {
    print(`  ${part}`, median(rounds.map((round) => round.hand[part] ?? Number.NaN)), hand);
  }
}

/** The files of the image's packages. */
function lockedPackages(base: string, places: readonly string[]): string {
  const lock = path.join(work, "lock.json");
  seconds([COMPOSER, "lock", SHIPPED, ...places, "--output", lock]);
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages: { path: string }[] };
  const list = path.join(work, "packages");
  writeFileSync(list, packages.map((each) => `${path.join(base, each.path)}\n`).join(""));
  return list;
}

/** @returns seconds by part */
function byHand(packages: string, keyFile: string): Readonly<Record<string, number>> {
  const directory = path.join(work, "by-hand");
  mkdirSync(directory, { recursive: true });
  const namespace = ["--mount", "--pid", "--fork", "--kill-child"];
  const text = run(["unshare", ...namespace, "bash", "-c", BY_HAND, "bash", directory, packages, keyFile]);
  return Object.fromEntries(
    Array.from(text.matchAll(/^(\w+)=(\d+)$/gm), ([, part = "", ms]) => [part, Number(ms) / 1000]),
  );
}

function seconds(argv: readonly string[]): number {
  const startedMs = performance.now();
  run(argv);
  return (performance.now() - startedMs) / 1000;
}

function run([program = "", ...args]: readonly string[]): string {
  const options = { cwd: work, encoding: "utf8", maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}\n${stderr}`);
  return stdout;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function print(scenario: string, value: number, hand: number): void {
  console.log(`${scenario.padEnd(32)} ${value.toFixed(1).padStart(6)} s  ${(value / hand).toFixed(2)} ×`);
}
