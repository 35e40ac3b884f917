import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ComposerError } from "../core/index.ts";
import { createProcessRunner, createThreads, type Job, nodeFiles } from "./index.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };

/** The thread has its own, of the same name; this one tells that the work was done here. */
const double: Job<number, unknown> = { name: "double", run: () => "here" };

const ENTRY = `
import { serveJobs } from ${JSON.stringify(path.join(import.meta.dirname, "threads.ts"))};
import { ComposerError } from ${JSON.stringify(path.join(import.meta.dirname, "../core/index.ts"))};
import { threadId } from "node:worker_threads";
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
serveJobs({}, [
  { name: "double", run: async (_, n) => (await sleep(n % 3), { value: 2 * n, threadId }) },
  { name: "bytes", run: (_, n) => ({ bytes: new Uint8Array(n).fill(n) }) },
  { name: "fail", run: async (_, n) => {
    await sleep(10 - n);
    if (n < 3) return n;
    throw new ComposerError("PACKAGE_FORMAT_INVALID", "Cannot read " + n, { hint: "Try", details: ["a", "b"] });
  } },
  { name: "bug", run: () => null.value },
  { name: "exit", run: () => process.exit(3) },
]);`;

let directory: string;
let entry: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "threads-"));
  entry = path.join(directory, "entry.mjs");
  writeFileSync(entry, ENTRY);
});
afterAll(() => rmSync(directory, { recursive: true }));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("Threads.map()", () => {
  it("gives the outputs in the order of the inputs, from several threads", async () => {
    const outputs = await collect(createThreads(host, entry, 3).map(double, upTo(20)));
    expect(outputs.map((output) => (output as { value: number }).value)).toEqual(upTo(20).map((n) => 2 * n));
    expect(new Set(outputs.map((output) => (output as { threadId: number }).threadId)).size).toBe(3);
  });

  it("takes only a few inputs ahead", async () => {
    let taken = 0;
    const inputs = function* (): Generator<number> {
      for (; taken < 100; taken += 1) yield taken;
    };
    await createThreads(host, entry, 2).map(double, inputs()).next();
    expect(taken).toBeLessThanOrEqual(4);
  });

  it("starts none for a single input, for none, and where there is one processor", async () => {
    expect(await collect(createThreads(host, entry, 2).map(double, [1]))).toEqual(["here"]);
    expect(await collect(createThreads(host, entry, 2).map(double, []))).toEqual([]);
    expect(await collect(createThreads(host, "/no/such", 1).map(double, [1, 2]))).toEqual(["here", "here"]);
  });

  it("hands bytes over whole", async () => {
    const job: Job<number, { bytes: Uint8Array }> = { name: "bytes", run: () => ({ bytes: new Uint8Array() }) };
    const outputs = await collect(createThreads(host, entry, 2).map(job, [3, 4]));
    expect(outputs.map(({ bytes }) => [...bytes])).toEqual([
      [3, 3, 3],
      [4, 4, 4, 4],
    ]);
  });

  it("throws what the first failing input does, after the outputs of those before", async () => {
    const job: Job<number, number> = { name: "fail", run: (_, n) => n };
    const seen: number[] = [];
    const all = async (): Promise<void> => {
      for await (const output of createThreads(host, entry, 4).map(job, upTo(10))) seen.push(output);
    };
    const error: unknown = await all().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ComposerError);
    expect(error).toMatchObject({
      code: "PACKAGE_FORMAT_INVALID",
      message: "Cannot read 3",
      hint: "Try",
      details: ["a", "b"],
    });
    expect(seen).toEqual([0, 1, 2]);
  });

  it.each([
    ["a bug", "bug", "null"],
    ["a thread that ends", "exit", "ended before"],
    ["a job that no thread has", "none", "knows"],
  ])("reports %s", async (_, name, words) => {
    const job: Job<number, number> = { name, run: (_host, n) => n };
    await expect(collect(createThreads(host, entry, 2).map(job, [1, 2]))).rejects.toThrow(words);
  });

  it("throws what the inputs throw", async () => {
    const inputs = function* (): Generator<number> {
      yield* [1, 2, 3];
      throw new Error("no more");
    };
    await expect(collect(createThreads(host, entry, 2).map(double, inputs()))).rejects.toThrow("no more");
  });
});
