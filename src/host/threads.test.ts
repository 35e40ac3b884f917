import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ComposerError } from "../core/index.ts";
import { createThreads, type Job, oneThread, type Threads } from "./index.ts";

/** The thread has its own, of the same name; this one tells that the work was done here. */
const double: Job<number, unknown> = { name: "double", run: () => "here" };

const ENTRY = `
import { serveJobs } from ${JSON.stringify(path.join(import.meta.dirname, "thread-pool.ts"))};
import { ComposerError } from ${JSON.stringify(path.join(import.meta.dirname, "../core/index.ts"))};
import { threadId } from "node:worker_threads";
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
serveJobs([
  { name: "double", run: (n) => { sleep(n % 3); return { value: 2 * n, threadId }; } },
  { name: "bytes", run: (n) => ({ bytes: new Uint8Array(n).fill(n) }) },
  { name: "fail", run: (n) => {
    sleep(10 - n);
    if (n < 3) return n;
    throw new ComposerError("PACKAGE_FORMAT_INVALID", "Cannot read " + n, { hint: "Try", details: ["a", "b"] });
  } },
  { name: "bug", run: () => null.value },
  { name: "exit", run: () => process.exit(3) },
  { name: "exit later", run: (n) => { setTimeout(() => process.exit(0), 5); return n; } },
]);`;

let directory: string;
let entry: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "threads-"));
  entry = path.join(directory, "entry.mjs");
  writeFileSync(entry, ENTRY);
});
afterAll(() => rmSync(directory, { recursive: true }));

function fail(): never {
  throw new Error("a bug");
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("Threads.map()", () => {
  it("gives the outputs in the order of the inputs, from several threads", async () => {
    const outputs = await collect(createThreads(entry, 3).map(double, upTo(20)));
    expect(outputs.map((output) => (output as { value: number }).value)).toEqual(upTo(20).map((n) => 2 * n));
    expect(new Set(outputs.map((output) => (output as { threadId: number }).threadId)).size).toBe(3);
  });

  it("takes only a few inputs ahead", async () => {
    let taken = 0;
    const inputs = function* (): Generator<number> {
      for (; taken < 100; taken += 1) yield taken;
    };
    await createThreads(entry, 2).map(double, inputs()).next();
    expect(taken).toBeLessThanOrEqual(4);
  });

  it("starts none for a single input, for none, and where there is one processor", async () => {
    expect(await collect(createThreads(entry, 2).map(double, [1]))).toEqual(["here"]);
    expect(await collect(createThreads(entry, 2).map(double, []))).toEqual([]);
    expect(await collect(createThreads("/no/such", 1).map(double, [1, 2]))).toEqual(["here", "here"]);
  });

  it("hands bytes over whole", async () => {
    const job: Job<number, { bytes: Uint8Array }> = { name: "bytes", run: () => ({ bytes: new Uint8Array() }) };
    const outputs = await collect(createThreads(entry, 2).map(job, [3, 4]));
    expect(outputs.map(({ bytes }) => [...bytes])).toEqual([
      [3, 3, 3],
      [4, 4, 4, 4],
    ]);
  });

  it("throws what the first failing input does, after the outputs of those before", async () => {
    const job: Job<number, number> = { name: "fail", run: (n) => n };
    const seen: number[] = [];
    const all = async (): Promise<void> => {
      for await (const output of createThreads(entry, 4).map(job, upTo(10))) seen.push(output);
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
    const job: Job<number, number> = { name, run: (n) => n };
    await expect(collect(createThreads(entry, 2).map(job, [1, 2]))).rejects.toThrow(words);
  });

  it.each([0, 1, 3])("throws what the inputs throw, after the outputs of the %d before", async (count) => {
    const inputs = function* (): Generator<number> {
      yield* upTo(count);
      throw new Error("no more");
    };
    const seen: unknown[] = [];
    const all = async (threads: Threads): Promise<void> => {
      for await (const output of threads.map(double, inputs())) seen.push(output);
    };
    await expect(all(createThreads(entry, 2))).rejects.toThrow("no more");
    await expect(all(oneThread)).rejects.toThrow("no more");
    expect(seen).toHaveLength(2 * count);
    const failing: Job<number, number> = { name: "bug", run: fail };
    if (count > 0) await expect(collect(createThreads(entry, 2).map(failing, inputs()))).rejects.not.toThrow("no more");
  });

  it("starts no more threads for several at the same time", async () => {
    const threads = createThreads(entry, 2);
    const outputs = await Promise.all(upTo(5).map(() => collect(threads.map(double, upTo(10)))));
    const ids = outputs.flat().map((output) => (output as { threadId: number }).threadId);
    expect(new Set(ids).size).toBe(2);
  });

  it("replaces threads that ended between two jobs", async () => {
    const ends: Promise<unknown>[] = [];
    // The pool, which listened first, knows of an end when this does.
    const watch = (worker: Worker): void => void ends.push(once(worker, "exit"));
    process.on("worker", watch);
    const job: Job<number, number> = { name: "exit later", run: (n) => n };
    const inputs = async function* (): AsyncGenerator<number> {
      for (const first of [0, 2, 4]) {
        yield* [first, first + 1];
        await vi.waitFor(() => expect(ends).toHaveLength(first + 2));
        await Promise.all(ends);
      }
    };
    try {
      expect(await collect(createThreads(entry, 2).map(job, inputs()))).toEqual(upTo(6));
    } finally {
      process.off("worker", watch);
    }
  });
});
