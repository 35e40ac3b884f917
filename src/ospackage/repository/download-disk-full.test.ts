import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { sha256 } from "../../core/index.ts";

const CONTENT = Buffer.from(Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join(""));
const SMALL_BYTES = 256 * 1024;

/** A mount namespace of our own, which a plain user gets in a user namespace. */
const IN_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private"] as const;

/** What one attempt came to: the error's code, and the files that are there after it with their sizes. */
interface Attempt {
  readonly code: string;
  readonly message: string;
  readonly files: Readonly<Record<string, number>>;
  /** The digest of what is below the final name. */
  readonly digest: string;
}

let server: FaultyServer;
let directory: string;
beforeEach(async () => {
  server = await startFaultyServer([["file", CONTENT]]);
  directory = mkdtempSync(path.join(tmpdir(), "disk-full-"));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

describe("a disk that gets full in the middle of a download", () => {
  it("is named, what is there is kept, and goes on when there is room", async ({ skip }) => {
    if (spawnSync(IN_NAMESPACE[0], [...IN_NAMESPACE.slice(1), "true"]).status !== 0) {
      skip("this host does not let this user make namespaces");
    }
    const [full, stillFull, roomy] = await fetchThreeTimes();
    const digest = sha256(CONTENT);
    const part = `partial/${digest}.part`;

    expect(full).toMatchObject({ code: "HOST_DISK_FULL", digest: "" });
    expect(full?.message).toMatch(/^Cannot write ".*\.part": no space is left on its file system$/);
    expect(Object.keys(full?.files ?? {})).toEqual([part]);
    expect(full?.files[part]).toBe(SMALL_BYTES);
    // Nothing fits any more: the part is neither lost nor doubled.
    expect(stillFull).toMatchObject({ code: "HOST_DISK_FULL", files: full?.files });

    expect(roomy).toMatchObject({ code: "", digest, files: { target: CONTENT.length } });
    expect(Object.keys(roomy?.files ?? {})).toEqual(["target"]);
    expect(server.requests.map(({ status }) => status)).toEqual([200, 206, 206]);
    expect(server.requests[2]?.headers.range).toBe(`bytes=${SMALL_BYTES}-`);
  });
});

/** In a small tmpfs that nobody else sees, twice as small as the file needs and once larger. */
async function fetchThreeTimes(): Promise<Attempt[]> {
  const moduleFile = (file: string): string => JSON.stringify(path.resolve(import.meta.dirname, file));
  const script = `
    import { execFileSync } from "node:child_process";
    import { readdirSync, statSync } from "node:fs";
    import path from "node:path";
    import { createHttpClient, nodeFiles, systemClock } from ${moduleFile("../../host/index.ts")};
    import { fetchFile } from ${moduleFile("fetch.ts")};
    const directory = ${JSON.stringify(directory)};
    const mount = (...args) => execFileSync("mount", [...args, directory]);
    const host = { files: nodeFiles, http: createHttpClient({}), clock: systemClock };
    const target = path.join(directory, "target");
    const attempt = async () => {
      let failure = { code: "", message: "" };
      try {
        await fetchFile(host, ${JSON.stringify(`${server.url}/file`)}, target, {
          sizeBytes: ${CONTENT.length},
          digest: ${JSON.stringify(sha256(CONTENT))},
          partialDir: path.join(directory, "partial"),
        });
      } catch (error) {
        failure = { code: error.code, message: error.message };
      }
      const names = readdirSync(directory, { recursive: true }).map((name) => [name, statSync(path.join(directory, name))]);
      const files = Object.fromEntries(names.flatMap(([name, stat]) => (stat.isFile() ? [[name, stat.size]] : [])));
      return { ...failure, files, digest: "target" in files ? await nodeFiles.sha256(target) : "" };
    };
    mount("-t", "tmpfs", "-o", "size=${SMALL_BYTES}", "small");
    const attempts = [await attempt(), await attempt()];
    mount("-o", "remount,size=16m");
    attempts.push(await attempt());
    await host.http.close();
    console.log(JSON.stringify(attempts));`;
  const [program, ...args] = IN_NAMESPACE;
  const { stdout } = await promisify(execFile)(program, [
    ...[...args, process.execPath],
    ...["--input-type=module", "--eval", script],
  ]);
  return JSON.parse(stdout) as Attempt[];
}
