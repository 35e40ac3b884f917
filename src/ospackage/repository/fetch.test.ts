import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Fault, type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { sha256 } from "../../core/index.ts";
import { fetchBytes, fetchFile } from "./fetch.ts";

const CONTENT = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join(""));

let host: ReturnType<typeof testHost>;
let server: FaultyServer;
let directory: string;

beforeEach(async () => {
  host = testHost(NOW);
  server = await startFaultyServer([["file", CONTENT]]);
  directory = mkdtempSync(path.join(tmpdir(), "fetch-"));
});
afterEach(async () => {
  await host.http.close();
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const faults = (...list: Fault[]): void => void server.faults.set("file", list);
const bytes = (options = {}) => fetchBytes(host, `${server.url}/file`, { maxBytes: 1e6, ...options });

describe("fetchBytes()", () => {
  it("reads a file", async () => {
    expect(await bytes()).toMatchObject({ kind: "complete", bytes: CONTENT });
    expect(await fetchBytes(host, pathToFileURL(import.meta.filename).href, { maxBytes: 1e6 })).toMatchObject({
      bytes: readFileSync(import.meta.filename),
    });
  });

  it("asks for changes only", async () => {
    const first = await bytes();
    if (first.kind !== "complete") throw new Error("not complete");
    expect(await bytes({ unless: first.validators })).toEqual({ kind: "not-modified" });
    server.files.set("file", Buffer.from("new"));
    expect(await bytes({ unless: first.validators })).toMatchObject({ bytes: Buffer.from("new") });
  });

  it("goes on where the connection was dropped", async () => {
    faults({ kind: "cut", afterBytes: 70_000 }, { kind: "cut", afterBytes: 50_000 });
    expect(await bytes()).toMatchObject({ bytes: CONTENT });
    const [, second, third] = server.requests;
    expect(second?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(second?.headers["if-range"]).toMatch(/^"[0-9a-f]+"$/);
    expect([second?.status, third?.status]).toEqual([206, 206]);
    expect(host.clock.sleptMs).toEqual([500, 1000]);
  });

  it("starts anew when the file changed meanwhile, or the server knows no ranges", async () => {
    const changed = Buffer.from(CONTENT).fill("x");
    faults({ kind: "cut", afterBytes: 70_000 });
    const fetching = bytes({ onBytes: () => server.files.set("file", changed) });
    expect(await fetching).toMatchObject({ bytes: changed });
    server.settings.ranges = false;
    faults({ kind: "cut", afterBytes: 70_000 });
    expect(await bytes()).toMatchObject({ bytes: changed });
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it("tries again after a busy server's answer, as late as that asks for", async () => {
    faults({ kind: "status", status: 503, headers: { "retry-after": "3" } }, { kind: "status", status: 500 });
    expect(await bytes()).toMatchObject({ bytes: CONTENT });
    expect(host.clock.sleptMs).toEqual([3000, 1000]);
  });

  it.each([
    ["status 404 at once", [{ kind: "status", status: 404 }], {}, "REPOSITORY_NOT_FOUND", 1],
    ["status 403 at once", [{ kind: "status", status: 403 }], {}, "REPOSITORY_HTTP_ERROR", 1],
    ["status 502 in the end", fourTimes({ kind: "status", status: 502 }), {}, "REPOSITORY_HTTP_ERROR", 4],
    ["dropped connections in the end", fourTimes({ kind: "cut", afterBytes: 0 }), {}, "REPOSITORY_TRUNCATED", 4],
    ["a file that is too short", [], { sizeBytes: CONTENT.length + 1 }, "REPOSITORY_TRUNCATED", 4],
    ["a file that is too long", [], { sizeBytes: CONTENT.length - 1 }, "REPOSITORY_SIZE_MISMATCH", 1],
    ["a file beyond the limit", [], { maxBytes: 1000 }, "REPOSITORY_TOO_LARGE", 1],
  ] as const)("gives up on %s", async (_, list, options, code, requests) => {
    faults(...list);
    await expect(bytes(options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(server.url) as string,
    });
    expect(server.requests).toHaveLength(requests);
  });

  it("says that nobody listens, without the password", async () => {
    const { port } = new URL(server.url);
    await server[Symbol.asyncDispose]();
    const fetching = fetchBytes(host, `http://me:secret@127.0.0.1:${port}/file`, { maxBytes: 10 });
    await expect(fetching).rejects.toMatchObject({
      code: "REPOSITORY_UNREACHABLE",
      message: `Cannot reach "http://127.0.0.1:${port}/file": the connection was refused`,
    });
    expect(host.clock.sleptMs).toHaveLength(3);
  });

  it("says that a local file is not there", async () => {
    const url = pathToFileURL(path.join(directory, "none")).href;
    await expect(fetchBytes(host, url, { maxBytes: 10 })).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
  });

  it("ends when it is interrupted", async () => {
    faults({ kind: "hang" });
    const fetching = bytes({ signal: AbortSignal.timeout(50) });
    await expect(fetching).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(host.clock.sleptMs).toEqual([]);
  });
});

describe("fetchFile()", () => {
  const digest = sha256(CONTENT);
  const target = (): string => path.join(directory, "target");
  const partialDir = (): string => path.join(directory, "partial");
  const partials = (): string[] => readdirSync(partialDir());
  const fetchIt = (options = {}) =>
    fetchFile(host, `${server.url}/file`, target(), {
      sizeBytes: CONTENT.length,
      digest,
      partialDir: partialDir(),
      ...options,
    });

  it("writes the file and leaves nothing else", async () => {
    await fetchIt();
    expect(readFileSync(target())).toEqual(CONTENT);
    expect(partials()).toEqual([]);
  });

  it("uses what an interrupted run has got", async () => {
    faults(...fourTimes({ kind: "cut", afterBytes: 20_000 }));
    await expect(fetchIt()).rejects.toMatchObject({ code: "REPOSITORY_TRUNCATED" });
    expect(partials()).toEqual([`${digest}.part`]);
    server.requests.length = 0;
    let counted = 0;
    await fetchIt({ onBytes: (count: number) => void (counted += count) });
    expect(server.requests).toMatchObject([{ status: 206 }]);
    expect(counted).toBe(CONTENT.length);
    expect(readFileSync(target())).toEqual(CONTENT);
    expect(partials()).toEqual([]);
  });

  it("takes over what a killed run left, but not what another one is writing", async () => {
    mkdirSync(partialDir());
    const [left, busy] = [`${digest}.aaaaaaaaaaaa.part`, `${digest}.bbbbbbbbbbbb.part`];
    writeFileSync(path.join(partialDir(), left), CONTENT.subarray(0, 1000));
    writeFileSync(path.join(partialDir(), busy), CONTENT.subarray(0, 2000));
    utimesSync(path.join(partialDir(), left), NOW, new Date(NOW.getTime() - 3_600_000));
    utimesSync(path.join(partialDir(), busy), NOW, NOW);
    await fetchIt();
    expect(server.requests).toMatchObject([{ status: 206, headers: { range: "bytes=1000-" } }]);
    expect(partials()).toEqual([busy]);
  });

  it.each([
    ["wrong", Buffer.from(CONTENT.subarray(0, 5000)).fill("x")],
    ["too long", Buffer.concat([CONTENT, CONTENT])],
    ["complete but wrong", Buffer.from(CONTENT).fill("x")],
  ])("starts anew when what an earlier run left is %s", async (_, left) => {
    mkdirSync(partialDir());
    writeFileSync(path.join(partialDir(), `${digest}.part`), left);
    await fetchIt();
    expect(readFileSync(target())).toEqual(CONTENT);
  });

  it("refuses a wrong digest and leaves nothing of it", async () => {
    faults({ kind: "flip", at: 77 });
    await expect(fetchIt({ object: 'the package "x" 1' })).rejects.toMatchObject({
      code: "REPOSITORY_DIGEST_MISMATCH",
      message: 'Cannot use the package "x" 1: its SHA-256 is not the one that the index or the lock names',
    });
    expect(readdirSync(directory)).toEqual(["partial"]);
    expect(partials()).toEqual([]);
  });

  it("two at once both end well", async () => {
    faults({ kind: "cut", afterBytes: 20_000 });
    await Promise.all([fetchIt(), fetchIt()]);
    expect(readFileSync(target())).toEqual(CONTENT);
    expect(partials()).toEqual([]);
  });
});

function fourTimes(fault: Fault): Fault[] {
  return [fault, fault, fault, fault];
}
