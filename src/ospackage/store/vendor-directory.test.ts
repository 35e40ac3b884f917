import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../../test/fixtures/faulty-server.ts";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { type BuildEvent, sha256, type Sha256Hex } from "../../core/index.ts";
import { fetchPackages, type PackageLocation } from "./fetch-packages.ts";
import { formatDigests, parseDigests, readVendorDirectory } from "./vendor-directory.ts";

let host: ReturnType<typeof testHost>;
let directory: string;
beforeEach(() => {
  host = testHost(NOW);
  directory = mkdtempSync(path.join(tmpdir(), "vendor-directory-"));
});
afterEach(async () => {
  await host.http.close();
  rmSync(directory, { recursive: true });
});
const at = (...parts: string[]): string => path.join(directory, ...parts);

describe("parseDigests()", () => {
  it("reads what formatDigests() wrote", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9 ._+~-]{0,20}$/).filter((text) => !text.endsWith(" "));
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const digests = names.map((one) => [one, sha256(one)] as const);
        expect(parseDigests(formatDigests(digests))).toEqual(new Map(digests));
      }),
    );
  });

  it("refuses lines that are none, paths that leave the directory, and a torn end", () => {
    const digest = sha256("");
    const fine = `${digest}  a/b\n`;
    for (const line of [
      "",
      "x  a",
      `${digest} a`,
      `${digest}  ../a`,
      `${digest}  /a`,
      `${digest}  a//b`,
      fine.trim(),
    ]) {
      expect([line, parseDigests(`${fine}${line}\n`)]).toEqual([line, 2]);
    }
    expect(parseDigests(`${fine}${digest}`)).toBe(2);
  });
});

describe("readVendorDirectory()", () => {
  const read = () => readVendorDirectory(host.files, directory, "vendored");

  it("refuses what is none, and says what it is called", async () => {
    const refused = {
      code: "VENDOR_INVALID",
      message: expect.stringMatching(/"vendored": it has no vendor\.json/) as unknown,
    };
    await expect(read()).rejects.toMatchObject(refused);
    writeFileSync(at("vendor.json"), "{}");
    await expect(read()).rejects.toMatchObject(refused);
    writeFileSync(at("SHA256SUMS"), "nonsense\n");
    await expect(read()).rejects.toMatchObject({ message: expect.stringContaining("line 1 of SHA256SUMS") as unknown });
    await expect(readVendorDirectory(host.files, at("none"))).rejects.toMatchObject({
      message: expect.stringContaining("does not exist") as unknown,
    });
    await expect(readVendorDirectory(host.files, at("vendor.json"))).rejects.toMatchObject({ code: "VENDOR_INVALID" });
  });
});

describe("fetchPackages() with a vendor directory", () => {
  let server: FaultyServer;
  let events: BuildEvent[];
  beforeEach(async () => {
    server = await startFaultyServer();
    events = [];
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const bash: Omit<PackageLocation<Sha256Hex>, "url"> = {
    name: "bash",
    version: "1.0-1",
    architecture: "amd64",
    digest: sha256("content of bash"),
    sizeBytes: "content of bash".length,
  };
  const vendorOf = async (content: string) => {
    writeFileSync(at("vendor.json"), "{}");
    writeFileSync(at("bash.deb"), content);
    writeFileSync(at("SHA256SUMS"), formatDigests([["bash.deb", bash.digest]]));
    return readVendorDirectory(host.files, directory);
  };
  const fetch = (options: object, more: Partial<PackageLocation<Sha256Hex>> = {}) =>
    fetchPackages(host, [{ ...bash, url: `${server.url}/bash`, ...more }], {
      cacheDir: at("cache"),
      workers: 2,
      offline: false,
      emit: (event) => void events.push(event),
      ...options,
    });

  it("looks there first, and uses what is there in place, also for packages beside the template", async () => {
    const vendor = await vendorOf("content of bash");
    expect((await fetch({ vendor, offline: true })).get(bash.digest)).toBe(at("bash.deb"));
    expect((await fetch({ vendor }, { localPath: at("gone.deb") })).get(bash.digest)).toBe(at("bash.deb"));
    expect([server.requests, events]).toEqual([[], []]);
  });

  it("goes on to cache, mirror and archive, in this order, when it is damaged, replaced by a link or gone", async () => {
    const vendor = await vendorOf("content of bas?");
    server.files.set("archive/bash", Buffer.from("content of bash"));
    const archiveUrls = [`${server.url}/archive/bash`];
    await fetch({ vendor }, { archiveUrls });
    expect(server.paths()).toEqual(["bash", "archive/bash"]);
    const [first] = events.filter(({ type }) => type === "warning");
    expect(first).toMatchObject({
      message: expect.stringMatching(/bash\.deb" in the vendor directory is damaged: the/) as unknown,
    });

    rmSync(at("bash.deb"));
    await fetch({ vendor, offline: true }, { archiveUrls });
    writeFileSync(at("other"), "content of bash");
    symlinkSync("other", at("bash.deb"));
    await fetch({ vendor, offline: true }, { archiveUrls });
    expect(server.requests).toHaveLength(2);
  });

  it("says where it looked for what is nowhere", async () => {
    const vendor = await vendorOf("content of bas?");
    await expect(fetch({ vendor, offline: true })).rejects.toMatchObject({
      message: "Cannot build offline: one package is neither in the vendor directory nor in the cache",
      details: [
        'the package "bash" 1.0-1',
        `looked for in the vendor directory "${directory}", the cache "${at("cache")}"`,
      ],
    });
    await expect(fetch({ vendor }, { archiveUrls: [`${server.url}/archive/bash`] })).rejects.toMatchObject({
      code: "REPOSITORY_NOT_FOUND",
      details: [
        expect.stringMatching(/^the package "bash" 1\.0-1 was looked for in .*cache.*\/bash, .*\/archive\/bash$/),
      ],
    });
  });
});
