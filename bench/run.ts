/**
 * How long builds take on this machine, and how that compares.
 *
 * Every scenario has the package cache warm and everything else as it says. With mmdebstrap installed it makes a tree
 * of the same packages from the same mirror in the same run, and ratios are against that; those of `validate` are
 * medians, against a start of Node.js that does nothing. `--starts` measures these alone.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { nodeFiles } from "../src/host/index.ts";
import { hostMirrorFor, readHostMirrors } from "../src/ospackage/index.ts";
import { bundle } from "../test/tools/bundle.ts";

const repository = path.resolve(import.meta.dirname, "..");
const composer = path.join(repository, "os-image-composer");
const shipped = path.join(repository, "image-templates/debian13-x86_64-minimal-raw.yml");
const work = mkdtempSync(path.join(tmpdir(), "bench-"));
const template = path.join(work, "template.yml");
const release = path.join(work, "release");

/** How often a start is measured. */
const STARTS = 15;

const { values: options } = parseArgs({ options: { starts: { type: "boolean", default: false } } });
try {
  writeFileSync(template, readFileSync(shipped, "utf8"));
  await measureStarts();
  if (!options.starts) await measureBuilds();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function measureStarts(): Promise<void> {
  await bundle(release);
  const released = path.join(release, "os-image-composer");
  const scenarios: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>?])[] = [
    ["node -e 0, the floor", [process.execPath, "-e", "0"]],
    ["launcher alone", [released, "--print-node"]],
    ["validate, from sources", [composer, "validate", template]],
    ["validate, bundled, nothing compiled", [released, "validate", template], { NODE_COMPILE_CACHE: "" }],
    ["validate, bundled", [released, "validate", template]],
  ];
  const measured = scenarios.map(([, argv, env]) => ({ argv, env, seconds: [] as number[] }));
  // In turn, so that whatever else this machine does disturbs all of them alike.
  for (let round = 0; round < STARTS; round += 1) {
    for (const { argv, env, seconds } of measured) seconds.push(time(argv, env));
  }
  const medians = measured.map(({ seconds }) => seconds.sort((a, b) => a - b)[STARTS >> 1] ?? 0);
  for (const [index, [name]] of scenarios.entries()) print(name, medians[index] ?? 0, medians[0]);
}

async function measureBuilds(): Promise<void> {
  time(build()); // fills the package cache

  const full = time(build("--no-image-cache"));
  const unchanged = time(build());
  const original = readFileSync(template, "utf8");
  writeFileSync(template, original.replace("systemConfig:\n", "systemConfig:\n  hostname: other\n"));
  const changed = time(build());
  const peer = await timePeer();

  print("build, nothing changed", unchanged, peer);
  print("build, one configuration value changed", changed, peer);
  print("build, packages cached", full, peer);
  if (peer !== undefined) print("mmdebstrap, tree only", peer, peer);
}

function build(...flags: string[]): string[] {
  return [composer, "build", template, "--mirror", "debian=host", ...flags];
}

/** @returns seconds */
function time(argv: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const startedMs = performance.now();
  const [program = "", ...args] = argv;
  const { status, stderr } = spawnSync(program, args, { cwd: work, encoding: "utf8", env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}\n${stderr}`);
  return (performance.now() - startedMs) / 1000;
}

async function timePeer(): Promise<number | undefined> {
  if (spawnSync("mmdebstrap", ["--version"]).status !== 0) return undefined;
  const manifest = path.join(work, "workspace/debian-debian13-x86_64/imagebuild/minimal/manifest.json");
  const { packages } = JSON.parse(readFileSync(manifest, "utf8")) as { packages: { name: string }[] };
  const mirror = hostMirrorFor(await readHostMirrors({ files: nodeFiles }), "trixie") ?? "http://ftp.debian.org/debian";
  const include = `--include=${packages.map(({ name }) => name).join(",")}`;
  const keyring = `--keyring=${path.join(repository, "config/osv/debian/keys")}`;
  return time(["mmdebstrap", "--variant=custom", include, keyring, "trixie", path.join(work, "peer.tar"), mirror]);
}

function print(scenario: string, seconds: number, peer: number | undefined): void {
  const ratio = peer === undefined ? "" : `${(seconds / peer).toFixed(2)} ×`;
  console.log(`${scenario.padEnd(42)} ${seconds.toFixed(3).padStart(8)} s  ${ratio.padStart(8)}`);
}
