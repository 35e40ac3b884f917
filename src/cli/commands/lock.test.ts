import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { callProgram } from "../../../test/fixtures/call-program.ts";
import {
  defaultPackageNames,
  mirrorConfiguration,
  startTinyArchive,
  stanzasOf,
  type TinyArchive,
} from "../../../test/e2e/support/tiny-repository.ts";
import {
  BUILD_SECONDS,
  makeKey,
  NOW,
  packageContent,
  packageStanza,
  sha256Of,
  SIGNING_DATE,
  type TestKey,
} from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { reportLockDifference } from "../../build/report-lock-difference.ts";
import { lockPackages, resolvePackages } from "../../build/resolve-packages.ts";
import { createStepRun } from "../../build/run-steps.ts";
import { buildPaths } from "../../build/build-paths.ts";
import type { BuildEvent } from "../../core/index.ts";
import { type LockFile, readLockFile } from "../../ospackage/index.ts";
import { type BuildRequest, type NamedLockFile, initProvider } from "../../provider/index.ts";
import { loadCheckedTemplate } from "../load-checked-template.ts";
import type { CliContext } from "../context.ts";
import { readSettings } from "../read-settings.ts";

const checkout = path.join(import.meta.dirname, "../../..");
const NAMES = { file: "edge.lock.json", template: "edge.yml" };
const ESSENTIAL = "base-files";
const DECADE_MS = 10 * 365 * 24 * 3_600_000;

let key: TestKey;
let names: readonly string[];
let archive: TinyArchive;
let directory: string;
let host: ReturnType<typeof testHost>;
beforeAll(async () => {
  key = await makeKey();
  names = [ESSENTIAL, ...(await defaultPackageNames())];
});
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "lock-"));
  archive = await startTinyArchive(key, stanzas());
  for (const name of names) archive.addPackageFile(name);
  const real = testHost(NOW);
  host = { ...real, environment: { ...real.environment, workingDirectory: directory, homeDirectory: directory } };
  await writeFile(at("key.asc"), key.armoredPublic);
  const url = archive.url;
  await writeFile(
    at("composer.yml"),
    `${mirrorConfiguration({ debian: `${url}/debian`, security: `${url}/debian-security` }, "key.asc")}cache_dir: cache\nwork_dir: work\n`,
  );
  await writeTemplate();
});
afterEach(async () => {
  await host.http.close();
  await archive[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});
const at = (...parts: string[]): string => path.join(directory, ...parts);

function stanzas(more = ""): string {
  return `${stanzasOf(names, { [ESSENTIAL]: "Essential: yes" })}${more}`;
}

function newer(name: string): string {
  return `${packageStanza(name, { version: "2.0-1", content: packageContent(`newer ${name}`) })}\n`;
}

async function writeTemplate(system = ""): Promise<void> {
  const head =
    'image: { name: edge, version: "1" }\ntarget: { os: debian, dist: debian13, arch: x86_64, imageType: raw }\n';
  await writeFile(at("edge.yml"), `${head}systemConfig:\n  name: edge\n${system}`);
}

const call = (...words: readonly string[]) => callProgram(host, words);

type TestRequest = BuildRequest & { readonly events: BuildEvent[] };

/** What a build of the template is told. */
async function plainRequest(): Promise<TestRequest> {
  const { settings } = await readSettings(host, { config: "composer.yml" });
  const context = { host, settings: async () => settings } as unknown as CliContext;
  const template = await loadCheckedTemplate(context, "edge.yml");
  const events: BuildEvent[] = [];
  const emit = (event: BuildEvent): void => void events.push(event);
  return { template, settings, offline: false, emit, log: () => undefined, events };
}

/** What a build from the lock beside the template is told. */
async function lockedRequest(): Promise<TestRequest & { readonly locked: NamedLockFile }> {
  const { file } = NAMES;
  return { ...(await plainRequest()), locked: { ...(await readLockFile(host.files, at(file), NAMES)), file } };
}

/** Brings a build to the end of the stage "packages". */
async function fetchLocked(request: BuildRequest): Promise<void> {
  const provider = await initProvider(host, request);
  await using atEnd = new AsyncDisposableStack();
  const paths = buildPaths(request.settings, provider.id, "edge");
  const { ends } = await provider.buildImage(host, request, paths, atEnd);
  const steps = createStepRun({ codeDigest: "", reuse: true, emit: request.emit, clock: host.clock });
  await steps.get(ends.packages);
}

describe("lock", () => {
  it("writes the lock beside the template, the same each time", async () => {
    expect(await call("lock", "edge.yml")).toEqual({ exitCode: 0, stdout: "edge.lock.json\n", stderr: "" });
    const text = await readFile(at("edge.lock.json"), "utf8");
    expect(text).not.toContain(archive.url);
    const { lock } = await readLockFile(host.files, at("edge.lock.json"), NAMES);
    expect(lock.packages.map(({ name }) => name)).toContain(ESSENTIAL);
    expect(lock.repositories[0]).toMatchObject({
      url: "http://ftp.debian.org/debian",
      dateSeconds: SIGNING_DATE.getTime() / 1000,
      signedBy: key.fingerprint,
    });
    const again = await call("lock", "edge.yml", "-o", "other.json");
    expect(again.stdout).toBe("other.json\n");
    expect(await readFile(at("other.json"), "utf8")).toBe(text);
  });

  describe("says when packages were built, which only they know", () => {
    const file = (name: string): string => `debian/pool/${name}_1.0-1_amd64.deb`;
    const timesIn = ({ lock }: LockFile): Readonly<Record<string, number | undefined>> =>
      Object.fromEntries([...lock.packages, ...lock.toolPackages].map((one) => [one.name, one.buildTimeSeconds]));
    const timeOf = async (name: string): Promise<number | undefined> => {
      return timesIn(await readLockFile(host.files, at("edge.lock.json"), NAMES))[name];
    };
    const asked = (): string[] => archive.server.paths().filter((request) => request.endsWith(".deb"));

    it.each([true, false])("asking for their first bytes alone, and for each once (ranges: %s)", async (ranges) => {
      archive.server.settings.ranges = ranges;
      await call("lock", "edge.yml");
      const { lock } = await readLockFile(host.files, at("edge.lock.json"), NAMES);
      const locked = [...lock.packages, ...lock.toolPackages];
      expect(new Set(locked.map(({ buildTimeSeconds }) => buildTimeSeconds))).toEqual(new Set([BUILD_SECONDS]));
      expect(asked().toSorted()).toEqual([...new Set(locked.map(({ name }) => file(name)))].toSorted());
      const { headers, status } = archive.server.requests.find((request) => request.path === file("udev")) ?? {};
      expect([headers?.range, status]).toEqual(["bytes=0-71", ranges ? 206 : 200]);
      archive.server.requests.length = 0;
      await call("lock", "edge.yml");
      expect(asked()).toEqual([]);
      expect(await timeOf("udev")).toBe(BUILD_SECONDS);
    });

    it("not to show what would change", async () => {
      await call("lock", "edge.yml");
      await writeTemplate("  packages: [hello]\n");
      await archive.publish({ suite: "trixie", packages: stanzas(`${packageStanza("hello")}\n`) });
      archive.server.requests.length = 0;
      expect((await call("lock", "edge.yml", "--diff")).stdout).toContain("added hello 1.0-1");
      expect(asked()).toEqual([]);
    });

    /** Locks without writing anything. */
    async function lockNow(options: Partial<BuildRequest> = {}, known?: LockFile) {
      const { events, ...request } = await plainRequest();
      const file = await lockPackages(host, { ...request, ...options }, known?.lock);
      const warnings = events.flatMap((event) =>
        event.type === "warning" && event.code === "LOCK" ? [event.message] : [],
      );
      return { file, times: timesIn(file), warnings };
    }
    const cached = (name: string): string => at(`cache/pkgCache/debian-debian13-x86_64/${name}_1.0-1_amd64.deb`);

    it("from the cache, also offline; what is nowhere is named", async () => {
      await call("fetch", "edge.yml");
      archive.server.requests.length = 0;
      expect(await lockNow({ offline: true })).toMatchObject({ times: { udev: BUILD_SECONDS }, warnings: [] });
      await rm(cached("udev"));
      expect(await lockNow({ offline: true })).toMatchObject({
        times: { udev: undefined, systemd: BUILD_SECONDS },
        warnings: ['The lock does not say when "udev" 1.0-1 was built: it is not in the cache'],
      });
      expect(asked()).toEqual([]);
    });

    it("from the mirror where the cache is damaged, and from the cache before an earlier lock", async () => {
      await call("fetch", "edge.yml");
      await writeFile(cached("udev"), Buffer.alloc(packageContent("udev").length));
      archive.server.requests.length = 0;
      const first = await lockNow();
      expect([first.times["udev"], asked()]).toEqual([BUILD_SECONDS, [file("udev")]]);
      const packages = first.file.lock.packages.map((one) => ({ ...one, buildTimeSeconds: 1 }));
      const wrong = { ...first.file, lock: { ...first.file.lock, packages } };
      expect((await lockNow({}, wrong)).times).toMatchObject({ udev: 1, systemd: BUILD_SECONDS });
    });

    it("unless their mirror lacks them", async () => {
      archive.server.files.delete(file("udev"));
      archive.server.files.delete(file("systemd"));
      const first = await lockNow();
      expect(first.times).toMatchObject({ udev: undefined, systemd: undefined, [ESSENTIAL]: BUILD_SECONDS });
      expect(first.warnings).toEqual([
        expect.stringMatching(/and 1 more were built: .*: the server has no such file$/),
      ]);
      archive.addPackageFile("udev");
      expect((await lockNow({}, first.file)).times).toMatchObject({ udev: BUILD_SECONDS });
    });

    it("after a failure that went away, and not when what is there is no package", async () => {
      const { faults } = archive.server;
      faults.set(file("udev"), [
        { kind: "status", status: 503 },
        { kind: "cut", afterBytes: 10 },
        { kind: "short", sizeBytes: 20 },
      ]);
      expect((await lockNow()).times).toMatchObject({ udev: BUILD_SECONDS });
      archive.addPackageFile("udev", "<html>You must log in first</html>".padEnd(100));
      const { times, warnings } = await lockNow();
      expect(times).toMatchObject({ udev: undefined, systemd: BUILD_SECONDS });
      expect(warnings).toEqual([expect.stringMatching(/"udev" 1\.0-1 from "http.*": it is not an ar archive$/)]);
    });

    it("and asks nobody else when the mirror does not answer", async () => {
      for (const name of names) {
        archive.server.faults.set(
          file(name),
          Array.from({ length: 9 }, () => ({ kind: "status", status: 403 })),
        );
      }
      const { warnings } = await lockNow();
      expect(warnings).toEqual([expect.stringMatching(/ more were built: .*: the server answered with status 403$/)]);
      expect(asked().length).toBeLessThan(names.length);
    });

    it("but for times that no lock can have", async () => {
      const content = packageContent("udev").replace(`${BUILD_SECONDS}  `, "999999999999");
      await archive.publish({
        suite: "trixie",
        packages: stanzas().replace(/(?<=Package: udev\n[^]*?SHA256: )\w+/, sha256Of(content)),
      });
      archive.addPackageFile("udev", content);
      await call("lock", "edge.yml");
      expect(await timeOf("udev")).toBeUndefined();
      expect((await call("lock", "edge.yml", "--diff")).exitCode).toBe(0);
    });
  });

  it("names the repository where it is now, when that has moved", async () => {
    const repository = (directoryName: string) =>
      `packageRepositories: [{ path: ${directoryName}, codename: local }]\n`;
    await mkdir(at("one"));
    await writeFile(at("edge.yml"), `${await readFile(at("edge.yml"), "utf8")}${repository("one")}`);
    await call("lock", "edge.yml");
    await rename(at("one"), at("two"));
    await writeFile(at("edge.yml"), (await readFile(at("edge.yml"), "utf8")).replace("path: one", "path: two"));
    await call("lock", "edge.yml");
    expect((await call("lock", "edge.yml", "--diff")).exitCode).toBe(0);
  });

  it("shows what would change, and changes only what is named", async () => {
    await call("lock", "edge.yml");
    const before = await readFile(at("edge.lock.json"), "utf8");
    expect((await call("lock", "edge.yml", "--diff")).stdout).toBe(
      '"edge.lock.json" has the packages that would be chosen now\n',
    );
    const more = ["systemd", "udev"].map(newer).join("");
    await archive.publish({ suite: "trixie", packages: stanzas(more) });
    const upgrades = ["systemd", "udev"].map((name) => `upgraded ${name} 1.0-1 to 2.0-1\n`);
    expect(await call("lock", "edge.yml", "--diff")).toEqual({ exitCode: 0, stdout: upgrades.join(""), stderr: "" });
    expect(JSON.parse((await call("lock", "edge.yml", "--diff", "--json")).stdout)).toMatchObject({
      schemaVersion: 1,
      packages: [{ kind: "upgrade", name: "systemd", from: "1.0-1", to: "2.0-1" }, { name: "udev" }],
      toolPackages: [],
    });
    expect(await readFile(at("edge.lock.json"), "utf8")).toBe(before);

    expect((await call("lock", "edge.yml", "--update", "--diff")).stdout).toContain("has the packages");
    const updated = await call("lock", "--update", "edge.yml", "udev");
    expect(updated.stderr).toContain("1 upgrade\nupgraded udev 1.0-1 to 2.0-1");
    expect((await call("lock", "edge.yml", "--diff")).stdout).toBe(upgrades[0]);
    expect((await call("lock", "edge.yml")).exitCode).toBe(0);
    expect((await call("lock", "edge.yml", "--diff")).stdout).toContain("has the packages");
  });

  it("refuses flags and names that mean nothing", async () => {
    expect((await call("lock", "edge.yml", "--diff")).stderr).toContain(
      'hint: Make it with "os-image-composer lock edge.yml"',
    );
    await call("lock", "edge.yml");
    for (const words of [["udev"], ["--json"], ["--update", "udve"]]) {
      const { exitCode, stderr } = await call("lock", "edge.yml", ...words);
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^ERROR: Cannot .*\nhint: /)]);
    }
  });

  it("makes anew a lock that cannot be read, and names unknown packages where the template does", async () => {
    await writeFile(at("edge.lock.json"), "<<<<<<< HEAD");
    expect((await call("lock", "edge.yml", "--diff")).stderr).toContain("edge.lock.json:1:1: ");
    expect((await call("lock", "edge.yml")).exitCode).toBe(0);
    await writeTemplate("  packages: [sudoo]\n");
    const { exitCode, stderr } = await call("lock", "edge.yml");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("edge.yml:5:14")]);
  });
});

describe("a locked build", () => {
  it("reads no index, however old or gone it is, and then asks nobody", async () => {
    await call("lock", "edge.yml");
    for (const name of [...archive.server.files.keys()]) {
      if (name.includes("/dists/")) archive.server.files.delete(name);
    }
    await rm(at("cache"), { recursive: true });
    host.clock.now = new Date(NOW.getTime() + DECADE_MS);
    archive.server.requests.length = 0;
    const request = await lockedRequest();
    await fetchLocked(request);
    const { packages, toolPackages } = request.locked.lock;
    const wanted = new Set([...packages, ...toolPackages].map(({ path: file }) => `debian/${file}`));
    expect(wanted.size).toBeGreaterThan(20);
    expect(archive.server.paths().sort()).toEqual([...wanted].sort());
    const warnings = request.events.flatMap((event) => (event.type === "warning" ? [event.code] : []));
    expect(warnings).toEqual(["FOREIGN_KEYS", "FOREIGN_KEYS", "FOREIGN_KEYS"]);
    archive.server.requests.length = 0;
    await fetchLocked({ ...(await lockedRequest()), offline: true });
    expect(archive.server.requests).toEqual([]);
  });

  it("is not disturbed by what else changes in its template, and refuses a stale lock", async () => {
    await call("lock", "edge.yml");
    await writeTemplate("  hostname: other\n  timezone: Europe/Berlin\n");
    await fetchLocked(await lockedRequest());
    await writeTemplate("  packages: [vim]\n");
    await expect(fetchLocked(await lockedRequest())).rejects.toMatchObject({
      code: "LOCK_STALE",
      details: ['the template asks for "vim", the lock does not'],
    });
  });

  it("takes what vanished from the snapshot archive of that day, if it is the same", async () => {
    await call("lock", "edge.yml");
    const config = at("config");
    await cp(path.join(checkout, "config"), config, { recursive: true });
    const file = path.join(config, "osv/debian/debian13/providerconfigs/amd64_repo.yml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll("http://snapshot.debian.org/archive/", `${archive.url}/snapshots/`));
    const gone = "pool/udev_1.0-1_amd64.deb";
    archive.server.files.delete(`debian/${gone}`);
    const request = await lockedRequest();
    const local = { ...request, settings: { ...request.settings, configDir: config } };
    await expect(fetchLocked(local)).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    const archived = `snapshots/debian/20260105T120000Z/${gone}`;
    archive.server.files.set(archived, Buffer.from(packageContent("ude?")));
    await expect(fetchLocked(local)).rejects.toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    archive.server.files.set(archived, Buffer.from(packageContent("udev")));
    await fetchLocked(local);
    expect(archive.server.paths()).toContain(archived);
  });
});

describe("a build beside a lock that it does not use", () => {
  const warningsOf = async (): Promise<string[]> => {
    const { events, ...request } = await plainRequest();
    const { lock } = await resolvePackages(host, request);
    events.length = 0;
    await reportLockDifference(host, request, lock);
    return events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  };

  it("says that its packages differ, or that the lock can't be read, and nothing else", async () => {
    await call("lock", "edge.yml");
    expect(await warningsOf()).toEqual([]);
    await archive.publish({ suite: "trixie", packages: stanzas(newer("udev")) });
    expect(await warningsOf()).toEqual([
      'The packages are not those of "edge.lock.json" (1 upgrade): lock --diff shows them, build --locked takes the lock\'s',
    ]);
    const { locked } = await lockedRequest();
    const { events, ...request } = await plainRequest();
    await writeFile(at("edge.lock.json"), "{}");
    await reportLockDifference(host, request, locked.lock);
    expect(events).toMatchObject([{ type: "warning", code: "LOCK" }]);
  });
});
