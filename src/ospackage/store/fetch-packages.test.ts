import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { type BuildEvent, type FileDigest, sha256 } from "../../core/index.ts";
import { type PackageLocation, fetchPackages } from "./fetch-packages.ts";

let host: ReturnType<typeof testHost>;
let server: FaultyServer;
let cacheDir: string;
let events: BuildEvent[];

beforeEach(async () => {
  host = testHost(NOW);
  events = [];
  server = await startFaultyServer();
  cacheDir = mkdtempSync(path.join(tmpdir(), "fetch-packages-"));
});
afterEach(async () => {
  await host.http.close();
  await server[Symbol.asyncDispose]();
  rmSync(cacheDir, { recursive: true, force: true });
});

/** A package that the server has. */
function offer(name: string, version = "1.0-1", content = `content of ${name}`): PackageLocation {
  const file = `pool/${name}-${content.length}.deb`;
  server.files.set(file, Buffer.from(content));
  const url = `${server.url}/${file}`;
  return { name, version, architecture: "amd64", digest: sha256(content), sizeBytes: content.length, url };
}

function fetchAll(packages: readonly PackageLocation[], options = {}) {
  const emit = (event: BuildEvent): void => void events.push(event);
  return fetchPackages(host, packages, { cacheDir, workers: 2, offline: false, emit, ...options });
}

const warnings = (): BuildEvent[] => events.filter(({ type }) => type === "warning");

describe("fetchPackages()", () => {
  it("asks other mirrors of the same content when one fails, and says so", async () => {
    const bash = offer("bash");
    server.files.set("damaged/bash", Buffer.from("content of hash"));
    server.files.set("good/bash", Buffer.from("content of bash"));
    const urls = ["nowhere", "damaged", "good"].map((place) => `${server.url}/${place}`);
    const moved = { ...bash, mirrored: { urls, path: "bash" } };
    expect(readFileSync((await fetchAll([moved])).get(bash.digest) ?? "", "utf8")).toBe("content of bash");
    expect(warnings()).toHaveLength(2);
  });

  it.each(["a%2Bb/bash", "bash-1%{dist}.rpm"])("takes the path of a mirrored package as it is: %s", async (place) => {
    const bash = offer("bash");
    server.files.set(place, Buffer.from("content of bash"));
    const mirror = path.join(cacheDir, "mirror");
    mkdirSync(path.dirname(path.join(mirror, place)), { recursive: true });
    writeFileSync(path.join(mirror, place), "content of bash");
    for (const url of [server.url, `file://${mirror}`]) {
      const file = (await fetchAll([{ ...bash, mirrored: { urls: [url], path: place } }])).get(bash.digest) ?? "";
      expect(readFileSync(file, "utf8")).toBe("content of bash");
      rmSync(file);
    }
    expect(warnings()).toEqual([]);
  });

  it.each(["sha384", "sha512"])("checks packages by %s, downloaded and kept", async (algorithm) => {
    const digest = createHash(algorithm).update("content of bash").digest("hex") as FileDigest;
    const bash = { ...offer("bash"), digest };
    const file = (await fetchAll([bash])).get(digest) ?? "";
    expect(readFileSync(file, "utf8")).toBe("content of bash");
    await fetchAll([bash], { offline: true });
    writeFileSync(file, "content of bas?");
    await expect(fetchAll([bash], { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
    server.files.set(pathOf(bash), Buffer.from("content of bas?"));
    await expect(fetchAll([bash])).rejects.toMatchObject({
      code: "REPOSITORY_DIGEST_MISMATCH",
      message: expect.stringContaining(`its SHA-${algorithm.slice(3)} is not the one`) as string,
    });
    expect(readdirSync(cacheDir)).toEqual(["partial"]);
  });

  it("names the files of rpm systems as rpm does", async () => {
    const bash = { ...offer("bash", "1:5.2-3.azl3"), architecture: "x86_64" };
    expect((await fetchAll([bash])).get(bash.digest)).toBe(path.join(cacheDir, "bash-1%3a5.2-3.azl3.x86_64.rpm"));
  });

  it("downloads every package once and names the files as apt does", async () => {
    const [bash, ssh] = [offer("bash"), offer("openssh-server", "1:10.0p1-7")];
    const files = await fetchAll([bash, ssh, bash]);
    expect(files.get(bash.digest)).toBe(path.join(cacheDir, "bash_1.0-1_amd64.deb"));
    expect(files.get(ssh.digest)).toBe(path.join(cacheDir, "openssh-server_1%3a10.0p1-7_amd64.deb"));
    expect(readFileSync(files.get(ssh.digest) ?? "", "utf8")).toBe("content of openssh-server");
    expect(server.requests).toHaveLength(2);
    expect(readdirSync(path.join(cacheDir, "partial"))).toEqual([]);
  });

  it("reports progress to the end", async () => {
    const packages = Array.from({ length: 20 }, (_, index) => offer(`package-${index}`));
    await fetchAll(packages);
    const progress = events.filter((event) => event.type === "progress");
    const bytes = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(progress[0]).toMatchObject({ done: 0, total: 20, bytesDone: 0, bytesTotal: bytes });
    expect(progress.at(-1)).toMatchObject({ done: 20, total: 20, bytesDone: bytes, bytesTotal: bytes });
  });

  it("asks nobody for what the cache has", async () => {
    const bash = offer("bash");
    await fetchAll([bash]);
    server.requests.length = 0;
    await fetchAll([bash], { offline: true });
    expect(server.requests).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it.each(["", "content of bash!", "Content of bash"])(
    "fetches a damaged file of the cache again: %j",
    async (content) => {
      const bash = offer("bash");
      const file = path.join(cacheDir, "bash_1.0-1_amd64.deb");
      writeFileSync(file, content);
      await fetchAll([bash]);
      expect(readFileSync(file, "utf8")).toBe("content of bash");
      expect(warnings()).toHaveLength(1);
      writeFileSync(file, content);
      await expect(fetchAll([bash], { offline: true })).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
    },
  );

  it("keeps packages of the same name and version apart", async () => {
    const [one, other] = [offer("bash", "1.0-1", "one"), offer("bash", "1.0-1", "the other")];
    const files = await fetchAll([one, other]);
    expect(readFileSync(files.get(one.digest) ?? "", "utf8")).toBe("one");
    expect(readFileSync(files.get(other.digest) ?? "", "utf8")).toBe("the other");
  });

  it("stays in its directory whatever the package is called", async () => {
    const evil = { ...offer("evil"), name: "../../evil", version: "1/../../2" };
    const [file = ""] = (await fetchAll([evil])).values();
    expect(path.dirname(file)).toBe(cacheDir);
  });

  it("names the package that could not be fetched, and ends the other downloads", async () => {
    const [slow, bad, late] = [offer("slow"), offer("bad"), offer("late")];
    server.faults.set(pathOf(slow), [{ kind: "hang" }]);
    server.files.delete(pathOf(bad));
    await expect(fetchAll([slow, bad, late])).rejects.toMatchObject({
      code: "REPOSITORY_NOT_FOUND",
      message: `Cannot fetch the package "bad" 1.0-1 from "${bad.url ?? ""}": the server has no such file`,
    });
    expect(server.paths()).not.toContain(pathOf(late));
  });

  it("refuses content that is not what the index says", async () => {
    const bash = offer("bash");
    server.faults.set(pathOf(bash), [{ kind: "flip", at: 3 }]);
    await expect(fetchAll([bash])).rejects.toMatchObject({
      code: "REPOSITORY_DIGEST_MISMATCH",
      message: expect.stringContaining('the package "bash" 1.0-1') as string,
    });
    expect(readdirSync(cacheDir)).toEqual(["partial"]);
  });

  it("lists what is missing offline", async () => {
    await expect(fetchAll([offer("bash"), offer("dash")], { offline: true })).rejects.toMatchObject({
      code: "REPOSITORY_OFFLINE",
      details: ['the package "bash" 1.0-1', 'the package "dash" 1.0-1', `looked for in the cache "${cacheDir}"`],
    });
  });

  it("ends when it is interrupted", async () => {
    const bash = offer("bash");
    server.faults.set(pathOf(bash), [{ kind: "hang" }]);
    await expect(fetchAll([bash], { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("says before the first download that the disk is too small", async () => {
    const full = { ...host, files: { ...host.files, freeBytes: async () => 1000 } };
    const options = { cacheDir, workers: 2, offline: false, emit: () => undefined };
    await expect(fetchPackages(full, [offer("bash")], options)).rejects.toMatchObject({ code: "HOST_DISK_FULL" });
    expect(server.requests).toEqual([]);
  });

  it("asks archives for what the mirror has no longer, one after the other", async () => {
    const bash = offer("bash");
    const content = server.files.get(pathOf(bash)) ?? Buffer.of();
    server.files.delete(pathOf(bash));
    server.files.set("archive/20260105T120000Z/bash.deb", content);
    const archiveUrls = ["20250101T000000Z", "20260105T120000Z"].map((at) => `${server.url}/archive/${at}/bash.deb`);
    const files = await fetchAll([{ ...bash, archiveUrls }]);
    expect(readFileSync(files.get(bash.digest) ?? "", "utf8")).toBe("content of bash");
    expect(server.requests.map(({ status }) => status)).toEqual([404, 404, 200]);
    const messages = events.flatMap((event) => (event.type === "info" ? [event.message] : []));
    expect(messages.at(-1)).toBe(
      `the package "bash" 1.0-1 is no longer at its mirror: asking "${archiveUrls[1] ?? ""}"`,
    );
  });

  it("accepts from an archive only what has the digest, and blames the mirror when nobody has it", async () => {
    const bash = offer("bash");
    server.files.delete(pathOf(bash));
    const archived = { ...bash, archiveUrls: [`${server.url}/archive/bash.deb`] };
    await expect(fetchAll([archived])).rejects.toMatchObject({
      code: "REPOSITORY_NOT_FOUND",
      message: expect.stringContaining(bash.url ?? "") as string,
    });
    server.files.set("archive/bash.deb", Buffer.from("CONTENT OF BASH"));
    await expect(fetchAll([archived])).rejects.toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    expect(readdirSync(cacheDir)).toEqual(["partial"]);
  });

  it("asks no archive when the mirror has something else, or fails", async () => {
    const bash = offer("bash");
    const archived = { ...bash, archiveUrls: [`${server.url}/archive/bash.deb`] };
    server.faults.set(pathOf(bash), [{ kind: "status", status: 403 }]);
    await expect(fetchAll([archived])).rejects.toMatchObject({ code: "REPOSITORY_HTTP_ERROR" });
    server.faults.set(pathOf(bash), [{ kind: "flip", at: 3 }]);
    await expect(fetchAll([archived])).rejects.toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    expect(server.paths().filter((name) => name.startsWith("archive/"))).toEqual([]);
  });

  it("finds a package by its digest in the caches of other providers, also offline", async () => {
    const bash = offer("bash");
    await fetchAll([bash], { cacheDir: path.join(cacheDir, "one") });
    server.files.clear();
    const options = { cacheDir: path.join(cacheDir, "other"), allCachesDir: cacheDir, offline: true };
    const renamed = { ...bash, name: "bash-again" };
    const files = await fetchAll([renamed], options);
    expect(readdirSync(path.join(cacheDir, "other"))).toEqual(["bash-again_1.0-1_amd64.deb"]);
    expect(readFileSync(files.get(bash.digest) ?? "", "utf8")).toBe("content of bash");
    writeFileSync(path.join(cacheDir, "one/bash_1.0-1_amd64.deb"), "Content of bash");
    rmSync(path.join(cacheDir, "other"), { recursive: true });
    await expect(fetchAll([renamed], options)).rejects.toMatchObject({ code: "REPOSITORY_OFFLINE" });
  });

  it("uses local packages in place, after checking them", async () => {
    const directory = path.join(cacheDir, "local");
    mkdirSync(directory);
    const localPath = path.join(directory, "own.deb");
    writeFileSync(localPath, "content");
    const own = { name: "own", version: "1", architecture: "all", digest: sha256("content"), sizeBytes: 7, localPath };
    expect((await fetchAll([own], { offline: true })).get(own.digest)).toBe(localPath);
    writeFileSync(localPath, "CONTENT");
    await expect(fetchAll([own])).rejects.toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    expect(readFileSync(localPath, "utf8")).toBe("CONTENT");
  });
});

function pathOf({ url = "" }: PackageLocation): string {
  return new URL(url).pathname.slice(1);
}
