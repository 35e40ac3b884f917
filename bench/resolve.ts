/**
 * How long choosing packages out of Debian 13 takes, against `apt-get --simulate install` in the same run, and out of the
 * same packages as an rpm repository.
 *
 * Cold begins with Packages.xz or primary.xml.gz, warm with the compact index that builds keep; all end with an order of
 * installation. Each measurement has a Node.js of its own, whose start does not count. Times are medians (of apt: one
 * run), memory is the largest peak.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { systemHost } from "../src/cli/system-host.ts";
import { sha256 } from "../src/core/index.ts";
import { createProcessRunner, nodeFiles } from "../src/host/index.ts";
import {
  decompress,
  encodeDebIndex,
  encodeDebIndexFrom,
  hostMirrorFor,
  openDebIndex,
  readHostMirrors,
  resolveDeb,
  type RepositoryIndex,
} from "../src/ospackage/index.ts";
import { createDebProblem } from "../src/ospackage/resolver/deb-problem.ts";
import { resolveRpm } from "../src/ospackage/resolver/resolve-rpm.ts";
import { createRpmProblem } from "../src/ospackage/resolver/rpm-problem.ts";
import { solve } from "../src/ospackage/resolver/solve.ts";
import type { SolverProvider } from "../src/ospackage/resolver/solver-provider.ts";
import type { Root } from "../src/ospackage/resolver/package-request.ts";
import { encodeRpmIndexFrom, openRpmIndex, type RpmIndex } from "../src/ospackage/rpm/index.ts";
import { debianAsPrimary } from "../test/fixtures/debian-as-primary.ts";
import { openAptArchive, type AptArchive } from "../test/oracle/resolver-apt-archive.ts";

const SUITE = "trixie";
const ROUNDS = 3;
const NAME_WIDTH = 17;

interface Scenario {
  readonly name: string;
  readonly family: "deb" | "rpm";
  readonly start: "cold" | "warm";
  readonly requests: readonly string[];
}

const SYSTEM = ["linux-image-amd64", "dracut", "systemd-boot", "openssh-server", "network-manager", "sudo"];
const DESKTOP = ["task-gnome-desktop", "gnome", "libreoffice", "build-essential", "inkscape", "kde-standard"];
/** GNOME's packages exclude each other where a Provides without a version is every version, as in rpm. */
const RPM_DESKTOP = [
  "libreoffice",
  "inkscape",
  "texlive-full",
  "kde-standard",
  "mate-desktop-environment",
  "xfce4",
  "build-essential",
];
const SCENARIOS: readonly Scenario[] = [
  { name: "deb system, cold", family: "deb", start: "cold", requests: SYSTEM },
  { name: "deb system, warm", family: "deb", start: "warm", requests: SYSTEM },
  { name: "deb desktop, warm", family: "deb", start: "warm", requests: DESKTOP },
  { name: "rpm system, cold", family: "rpm", start: "cold", requests: SYSTEM },
  { name: "rpm system, warm", family: "rpm", start: "warm", requests: SYSTEM },
  { name: "rpm desktop, warm", family: "rpm", start: "warm", requests: RPM_DESKTOP },
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
    const packages = execFileSync("xz", ["--decompress", "--stdout", compressedIndex(work)], { maxBuffer: 1024 ** 3 });
    writeFileSync(plainSize(work), String(packages.length));
    const index = encodeDebIndex(packages, { architecture: "amd64" });
    writeFileSync(compactIndex(work, "deb"), index);
    const primary = debianAsPrimary(new TextDecoder().decode(packages));
    writeFileSync(compressedPrimary(work), gzipSync(primary));
    writeFileSync(primarySize(work), String(Buffer.byteLength(primary)));
    writeFileSync(compactIndex(work, "rpm"), await makeRpmIndex(work));
    console.log(`${openDebIndex(index).packageCount} packages in ${SUITE}`);
    console.log(
      ["".padEnd(NAME_WIDTH), "packages", "total ms", "solving", "peak MiB", "apt ms", "ours/apt"].join("  "),
    );
    // Compiled code is kept, as the launcher has it: the first run is another one.
    measureApart(0, work);
    for (const [number, scenario] of SCENARIOS.entries()) compare(number, scenario, work, apt);
  } finally {
    apt?.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

function compare(
  number: number,
  { name, family, requests }: Scenario,
  work: string,
  apt: AptArchive | undefined,
): void {
  const measurements: Measurement[] = [];
  const aptMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    measurements.push(measureApart(number, work));
    // It takes up to half a minute.
    if (family === "rpm" || round > 0) continue;
    const startedMs = performance.now();
    apt?.simulateInstall(["?essential", ...requests]);
    aptMs.push(performance.now() - startedMs);
  }
  const totalMs = median(measurements.map((measurement) => measurement.totalMs));
  const peer = apt === undefined || family === "rpm" ? undefined : median(aptMs);
  const figures = [
    measurements[0]?.packages ?? 0,
    totalMs.toFixed(0),
    median(measurements.map((measurement) => measurement.solvingMs)).toFixed(0),
    Math.max(...measurements.map((measurement) => measurement.peakMiB)).toFixed(0),
    peer?.toFixed(0) ?? "",
    peer === undefined ? "" : (totalMs / peer).toFixed(2),
  ];
  console.log([name.padEnd(NAME_WIDTH), ...figures.map((figure) => String(figure).padStart(8))].join("  "));
}

/** In a process of its own. */
function measureApart(number: number, work: string): Measurement {
  const env = { ...process.env, NODE_COMPILE_CACHE: path.join(work, "compiled") };
  const argv = [import.meta.filename, String(number), work];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8", env })) as Measurement;
}

async function measure(scenario: Scenario | undefined, work: string): Promise<Measurement> {
  if (scenario === undefined) throw new Error("there is no such scenario");
  const startedMs = performance.now();
  const packages = scenario.family === "deb" ? await chooseDebs(scenario, work) : await chooseRpms(scenario, work);
  const totalMs = performance.now() - startedMs;
  const peakMiB = peakMemoryMiB();

  const { provider, roots } = packages.problem();
  const requirements = roots.map(({ requirement }) => requirement);
  solve(provider, requirements);
  const solvingStartedMs = performance.now();
  solve(provider, requirements);
  return { totalMs, solvingMs: performance.now() - solvingStartedMs, packages: packages.count, peakMiB };
}

interface Choice {
  readonly count: number;
  /** The same once more, for the solver alone. */
  problem(): { readonly provider: SolverProvider; readonly roots: readonly Root[] };
}

async function chooseDebs({ start, requests }: Scenario, work: string): Promise<Choice> {
  const index = start === "warm" ? readFileSync(compactIndex(work, "deb")) : await makeIndex(work);
  const options = {
    repositories: [toRepository(index)],
    architecture: "amd64",
    requests: requests.map((text) => ({ text, origin: "bench" })),
    includeEssential: true,
  };
  return { count: resolveDeb(options).packages.length, problem: () => createDebProblem(options) };
}

async function chooseRpms({ start, requests }: Scenario, work: string): Promise<Choice> {
  const index = start === "warm" ? readFileSync(compactIndex(work, "rpm")) : await makeRpmIndex(work);
  const options = {
    repositories: [toRpmRepository(index)],
    architecture: "x86_64",
    requests: requests.map((text) => ({ text, origin: "bench" })),
  };
  const result = resolveRpm(options);
  if (result.kind !== "answered") throw new Error(`file lists are needed for ${result.paths.join()}`);
  return { count: result.answer.packages.length, problem: () => createRpmProblem(options) };
}

/** Not `process.resourceUsage()`: that begins with what the parent had. */
function peakMemoryMiB(): number {
  const [, peakKiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(peakKiB) / 1024;
}

async function makeIndex(work: string): Promise<Uint8Array> {
  const source: AsyncIterable<Uint8Array> = Readable.from([readFileSync(compressedIndex(work))]);
  const plain = decompress({ processes: createProcessRunner() }, "xz", source);
  // A Release file tells it before.
  const expectedBytes = Number(readFileSync(plainSize(work), "utf8"));
  const index = await encodeDebIndexFrom(systemHost().threads, plain, expectedBytes, { architecture: "amd64" });
  writeFileSync(path.join(work, "kept.index"), index);
  return index;
}

async function makeRpmIndex(work: string): Promise<Uint8Array> {
  const source: AsyncIterable<Uint8Array> = Readable.from([readFileSync(compressedPrimary(work))]);
  const plain = decompress({ processes: createProcessRunner() }, "gz", source);
  const expectedBytes = Number(readFileSync(primarySize(work), "utf8"));
  const index = await encodeRpmIndexFrom(systemHost().threads, plain, { expectedBytes });
  writeFileSync(path.join(work, "kept.index"), index);
  return index;
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

function toRpmRepository(index: Uint8Array): RepositoryIndex<RpmIndex> {
  return {
    source: {
      kind: "rpm",
      id: "debian as rpm",
      canonicalUrl: "http://rpm.example/",
      urls: ["http://rpm.example/"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      repoGpgCheck: false,
      priority: 500,
    },
    index: openRpmIndex(index),
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

function compressedPrimary(work: string): string {
  return path.join(work, "primary.xml.gz");
}

function primarySize(work: string): string {
  return path.join(work, "primary.size");
}

function compactIndex(work: string, family: Scenario["family"]): string {
  return path.join(work, `${family}-packages.index`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
