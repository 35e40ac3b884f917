/**
 * Reading primary.xml beside reading Packages: the same packages, a real Debian suite, in turn in the same run.
 *
 * Processor time of all threads rather than time on the clock: other work on the machine stays out of it.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemHost } from "../src/cli/system-host.ts";
import { createByteSink } from "../src/ospackage/compact-index/index.ts";
import { encodeDebIndex } from "../src/ospackage/index.ts";
import { encodeRpmIndex, encodeRpmIndexFrom, openRpmIndex } from "../src/ospackage/rpm/index.ts";
import { faultsOf, metadataTexts } from "../src/ospackage/rpm/metadata-text.ts";
import { PRIMARY_VOCABULARY } from "../src/ospackage/rpm/primary-vocabulary.ts";
import { createXmlScanner, XML_TAG } from "../src/ospackage/rpm/xml-scanner.ts";
import { debianAsPrimary } from "../test/fixtures/debian-as-primary.ts";
import { openAptArchive } from "../test/oracle/resolver-apt-archive.ts";

const SUITE = "trixie";
const ROUNDS = 3;
/** The last is what of it is going through the tags alone. */
const READERS = ["Packages", "primary.xml", "primary.xml, streamed", "primary.xml, scanned"] as const;

interface Measurement {
  readonly cpuMs: number;
  readonly indexMiB: number;
  readonly peakMiB: number;
}

const [, , reader, directory] = process.argv;
if (reader === undefined || directory === undefined) await compareAll();
else console.log(JSON.stringify(await measure(reader, directory)));

async function compareAll(): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), "bench-rpm-index-"));
  const apt = await openAptArchive(SUITE);
  if (apt === undefined) throw new Error("this host has no apt to fetch a Packages index with");
  try {
    writeFileSync(packagesFile(work), apt.packages);
    writeFileSync(primaryFile(work), debianAsPrimary(Buffer.from(apt.packages).toString("utf8")));
    console.log(`${apt.repository.index.packageCount} packages of ${SUITE}`);
    console.log(["".padEnd(22), "text MiB", "  cpu ms", "   MiB/s", " to deb", "index MiB", "peak MiB"].join("  "));
    const rounds = READERS.map((): Measurement[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [number, name] of READERS.entries()) rounds[number]?.push(measureApart(name, work));
    }
    const debMs = median((rounds[0] ?? []).map(({ cpuMs }) => cpuMs));
    for (const [number, name] of READERS.entries()) print(name, work, rounds[number] ?? [], debMs);
  } finally {
    apt.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

function print(name: string, work: string, measurements: readonly Measurement[], debMs: number): void {
  const textMiB = statSync(name === "Packages" ? packagesFile(work) : primaryFile(work)).size / 2 ** 20;
  const cpuMs = median(measurements.map((measurement) => measurement.cpuMs));
  const figures = [
    textMiB.toFixed(0).padStart(8),
    cpuMs.toFixed(0).padStart(8),
    ((1000 * textMiB) / cpuMs).toFixed(0).padStart(8),
    (cpuMs / debMs).toFixed(2).padStart(7),
    (measurements[0]?.indexMiB ?? 0).toFixed(0).padStart(9),
    Math.max(...measurements.map(({ peakMiB }) => peakMiB))
      .toFixed(0)
      .padStart(8),
  ];
  console.log([name.padEnd(22), ...figures].join("  "));
}

/** In a process of its own, for its memory. */
function measureApart(name: string, work: string): Measurement {
  const argv = [import.meta.filename, name, work];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })) as Measurement;
}

async function measure(name: string, work: string): Promise<Measurement> {
  const before = process.cpuUsage();
  const index = await makeIndex(name, work);
  const { user, system } = process.cpuUsage(before);
  const [, peakKiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  if (index !== undefined && name !== "Packages") openRpmIndex(index).byName("bash");
  return { cpuMs: (user + system) / 1000, indexMiB: (index?.length ?? 0) / 2 ** 20, peakMiB: Number(peakKiB) / 1024 };
}

async function makeIndex(name: string, work: string): Promise<Uint8Array | undefined> {
  if (name === "Packages") return encodeDebIndex(readFileSync(packagesFile(work)), { architecture: "amd64" });
  if (name === "primary.xml") return encodeRpmIndex(readFileSync(primaryFile(work)));
  if (name === "primary.xml, scanned") return scanPrimary(work);
  return encodeRpmIndexFrom(systemHost().threads, createReadStream(primaryFile(work)), {
    expectedBytes: statSync(primaryFile(work)).size,
  });
}

async function scanPrimary(work: string): Promise<undefined> {
  const faultAt = faultsOf("primary metadata");
  const scratch = createByteSink(4096);
  for await (const { xml } of metadataTexts(createReadStream(primaryFile(work)), "metadata", faultAt)) {
    const scanner = createXmlScanner(xml, PRIMARY_VOCABULARY, faultAt, scratch);
    while (scanner.next() !== XML_TAG.done);
  }
}

function packagesFile(work: string): string {
  return path.join(work, "Packages");
}

function primaryFile(work: string): string {
  return path.join(work, "primary.xml");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
