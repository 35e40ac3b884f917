/**
 * How long choosing packages out of Debian 13 takes, against `apt-get --simulate install` in the same run.
 *
 * Cold begins with Packages.xz, warm with the compact index that builds keep; both end with an order of installation.
 * Each measurement has a Node.js of its own, whose start does not count. Times are medians, memory is the largest peak.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { sha256 } from "../src/core/index.ts";
import { createProcessRunner, nodeFiles } from "../src/host/index.ts";
import {
  decompress,
  encodeDebIndex,
  hostMirrorFor,
  openDebIndex,
  readHostMirrors,
  resolveDeb,
  type RepositoryIndex,
} from "../src/ospackage/index.ts";
import { createDebProblem } from "../src/ospackage/resolver/deb-problem.ts";
import { solve } from "../src/ospackage/resolver/solve.ts";
import { openAptArchive, type AptArchive } from "../test/oracle/resolver-apt-archive.ts";

const SUITE = "trixie";
const ROUNDS = 5;

interface Scenario {
  readonly name: string;
  readonly start: "cold" | "warm";
  readonly requests: readonly string[];
}

const SYSTEM = ["linux-image-amd64", "dracut", "systemd-boot", "openssh-server", "network-manager", "sudo"];
const DESKTOP = ["task-gnome-desktop", "gnome", "libreoffice", "gimp", "build-essential", "inkscape"];
const SCENARIOS: readonly Scenario[] = [
  { name: "system, cold", start: "cold", requests: SYSTEM },
  { name: "system, warm", start: "warm", requests: SYSTEM },
  { name: "desktop, warm", start: "warm", requests: DESKTOP },
];

interface Measurement {
  readonly totalMs: number;
  /** The search alone, once every package that it asks for is parsed. */
  readonly solvingMs: number;
  readonly packages: number;
  readonly peakMiB: number;
}

const [, , scenarioNumber, directory] = process.argv;
if (scenarioNumber === undefined || directory === undefined) await compareAll();
else console.log(JSON.stringify(await measure(SCENARIOS[Number(scenarioNumber)], directory)));

async function compareAll(): Promise<void> {
  const mirror = hostMirrorFor(await readHostMirrors({ files: nodeFiles }), SUITE) ?? "http://ftp.debian.org/debian";
  const work = mkdtempSync(path.join(tmpdir(), "bench-resolve-"));
  const apt = await openAptArchive(SUITE);
  try {
    const address = `${mirror}/dists/${SUITE}/main/binary-amd64/Packages.xz`;
    execFileSync("/usr/lib/apt/apt-helper", ["download-file", address, compressedIndex(work)], { stdio: "ignore" });
    const packages = await readCompressed(work, undefined);
    writeFileSync(plainSize(work), String(packages.length));
    const index = encodeDebIndex(packages, { architecture: "amd64" });
    writeFileSync(compactIndex(work), index);
    console.log(`${openDebIndex(index).packageCount} packages in ${SUITE}`);
    console.log(["".padEnd(15), "packages", "total ms", "solving", "peak MiB", "apt ms", "ours/apt"].join("  "));
    for (const [number, scenario] of SCENARIOS.entries()) compare(number, scenario, work, apt);
  } finally {
    apt?.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

function compare(number: number, { name, requests }: Scenario, work: string, apt: AptArchive | undefined): void {
  const measurements: Measurement[] = [];
  const aptMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const argv = [import.meta.filename, String(number), work];
    measurements.push(JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })) as Measurement);
    const startedMs = performance.now();
    apt?.simulateInstall(["?essential", ...requests]);
    aptMs.push(performance.now() - startedMs);
  }
  const totalMs = median(measurements.map((measurement) => measurement.totalMs));
  const peer = apt === undefined ? undefined : median(aptMs);
  const figures = [
    measurements[0]?.packages ?? 0,
    totalMs.toFixed(0),
    median(measurements.map((measurement) => measurement.solvingMs)).toFixed(0),
    Math.max(...measurements.map((measurement) => measurement.peakMiB)).toFixed(0),
    peer?.toFixed(0) ?? "",
    peer === undefined ? "" : (totalMs / peer).toFixed(2),
  ];
  console.log([name.padEnd(15), ...figures.map((figure) => String(figure).padStart(8))].join("  "));
}

async function measure(scenario: Scenario | undefined, work: string): Promise<Measurement> {
  if (scenario === undefined) throw new Error("there is no such scenario");
  const startedMs = performance.now();
  const index = scenario.start === "warm" ? readFileSync(compactIndex(work)) : await makeIndex(work);
  const options = {
    repositories: [toRepository(index)],
    architecture: "amd64",
    requests: scenario.requests.map((text) => ({ text, origin: "bench" })),
    includeEssential: true,
  };
  const { packages } = resolveDeb(options);
  const totalMs = performance.now() - startedMs;
  const peakMiB = peakMemoryMiB();

  const { provider, roots } = createDebProblem(options);
  const requirements = roots.map(({ requirement }) => requirement);
  solve(provider, requirements);
  const solvingStartedMs = performance.now();
  solve(provider, requirements);
  return { totalMs, solvingMs: performance.now() - solvingStartedMs, packages: packages.length, peakMiB };
}

/** Not `process.resourceUsage()`: that begins with what the parent had. */
function peakMemoryMiB(): number {
  const [, peakKiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(peakKiB) / 1024;
}

async function makeIndex(work: string): Promise<Uint8Array> {
  const sizeBytes = Number(readFileSync(plainSize(work), "utf8"));
  const index = encodeDebIndex(await readCompressed(work, sizeBytes), { architecture: "amd64" });
  writeFileSync(path.join(work, "kept.index"), index);
  return index;
}

/** @param sizeBytes of the plain text, which a Release file tells before */
async function readCompressed(work: string, sizeBytes: number | undefined): Promise<Uint8Array> {
  const source: AsyncIterable<Uint8Array> = Readable.from([readFileSync(compressedIndex(work))]);
  const whole = Buffer.allocUnsafe(sizeBytes ?? 0);
  const pieces: Uint8Array[] = [];
  let end = 0;
  for await (const piece of decompress({ processes: createProcessRunner() }, "xz", source)) {
    if (sizeBytes === undefined) pieces.push(piece);
    else whole.set(piece, end);
    end += piece.length;
  }
  return sizeBytes === undefined ? Buffer.concat(pieces) : whole;
}

/** Its digest is checked at every use, so that counts. */
function toRepository(index: Uint8Array): RepositoryIndex {
  return {
    source: {
      kind: "deb",
      id: `debian/${SUITE}`,
      canonicalUrl: "http://ftp.debian.org/debian",
      url: "http://ftp.debian.org/debian",
      suite: SUITE,
      components: ["main"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      priority: 500,
    },
    index: openDebIndex(index),
    metadataSha256: sha256(index),
    verified: true,
  };
}

function compressedIndex(work: string): string {
  return path.join(work, "Packages.xz");
}

function plainSize(work: string): string {
  return path.join(work, "Packages.size");
}

function compactIndex(work: string): string {
  return path.join(work, "packages.index");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
