import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, type ExpectStatic, it } from "vitest";
import type { Fault } from "../fixtures/faulty-server.ts";
import { makeKey, packageContent, type TestKey } from "../fixtures/signed-repository.ts";
import { CHECKOUT, type CliResult, onSmallFileSystem, runComposer, withPlaceholders } from "./support/cli.ts";
import {
  defaultPackageNames,
  mirrorConfiguration,
  startTinyArchive,
  stanzasOf,
  type TinyArchive,
} from "./support/tiny-repository.ts";

/**
 * Every failure that a user meets, provoked through the command line. Standard error is compared with the text in
 * `test/golden/errors/`, and each of those texts has to say what went wrong, where, and what to do.
 */

const ESSENTIAL = "base-files";
const TEMPLATE = [
  'image: { name: edge, version: "1.0.0" }',
  "target: { os: debian, dist: debian13, arch: x86_64, imageType: raw }",
  "systemConfig:",
  "  name: edge",
  "",
].join("\n");

/** A directory of its own for each test: template, configuration, cache and work are in it. */
interface Workplace extends AsyncDisposable {
  readonly directory: string;
  write(name: string, text: string): Promise<void>;
  /** Files of the directory, by path in it. */
  files(): Promise<string[]>;
  /** Only errors are shown: other lines of the log are not the subject here. */
  compose(words: readonly string[], through?: readonly string[]): Promise<CliResult>;
}

async function openWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "errors-"));
  return {
    directory,
    write: (name, text) => writeFile(path.join(directory, name), text),
    files: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => path.join(parentPath, name).slice(directory.length + 1))
        .sort();
    },
    compose: (words, through) =>
      runComposer(["--log-level", "error", "--progress", "plain", ...words], {
        cwd: directory,
        ...(through === undefined ? {} : { through }),
      }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

async function expectGolden(
  expect: ExpectStatic,
  result: CliResult,
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const { exitCode, stdout, stderr } = result;
  expect(stdout).toBe("");
  const text = `exit code ${exitCode}\n\n${withPlaceholders(stderr, values)}`;
  await expect(text).toMatchFileSnapshot(path.join(CHECKOUT, `test/golden/errors/${name}.txt`));
}

describe("a mistake on the command line", () => {
  it.each([
    ["unknown-option", ["build", "edge.yml", "--outptu", "out"]],
    ["missing-argument", ["build"]],
    ["mirror-without-name", ["build", "edge.yml", "--mirror", "http://mirror.example.org/debian"]],
    ["unknown-command", ["biuld", "edge.yml"]],
    ["missing-template", ["build", "egde.yml"]],
  ])("is explained: %s", async (name, words) => {
    await using place = await openWorkplace();
    await place.write("edge.yml", TEMPLATE);
    const result = await place.compose(words);
    expect(result.exitCode).toBe(2);
    await expectGolden(expect, result, name, { here: place.directory });
  });
});

describe("standard output", () => {
  const through = (script: string): string[] => ["bash", "-c", `set -o pipefail; ${script}`, "bash"];

  it("that cannot be written to is an error", async () => {
    await using place = await openWorkplace();
    const result = await place.compose(["version"], through('"$@" >/dev/full'));
    expect(result.exitCode).toBe(1);
    await expectGolden(expect, result, "standard-output-full", {});
  });

  it("that nobody reads any more is none", async () => {
    await using place = await openWorkplace();
    const result = await place.compose(["build", "--help"], through('"$@" | true'));
    expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

describe("a mistake in the template", () => {
  it("is shown with all others at once, each with its place", async () => {
    await using place = await openWorkplace();
    await place.write(
      "edge.yml",
      `${TEMPLATE}  hostnmae: edge\n  timezone: 12\n  packages: vim\n  users:\n    - { name: admin, sudo: yes }\n`,
    );
    const result = await place.compose(["build", "edge.yml"]);
    expect(result.exitCode).toBe(2);
    await expectGolden(expect, result, "template-keys-and-types", { here: place.directory });
  });

  it("is shown when partitions do not fit", async () => {
    await using place = await openWorkplace();
    const partitions = [
      "disk:",
      "  size: 1GiB",
      "  partitionTableType: gpt",
      "  partitions:",
      "    - { id: boot, type: esp, fsType: fat32, start: 1MiB, end: 513MiB, mountPoint: /boot/efi }",
      "    - { id: rootfs, type: linux-root-amd64, fsType: ext4, start: 400MiB, end: 2GiB, mountPoint: / }",
      "",
    ];
    await place.write("edge.yml", TEMPLATE + partitions.join("\n"));
    const result = await place.compose(["build", "edge.yml"]);
    expect(result.exitCode).toBe(2);
    await expectGolden(expect, result, "partitions-do-not-fit", { here: place.directory });
  });
});

describe("repositories", () => {
  let key: TestKey;
  let names: string[];
  beforeAll(async () => {
    key = await makeKey();
    names = [ESSENTIAL, ...(await defaultPackageNames()).filter((name) => name !== ESSENTIAL)];
  });

  /** Everything that a build needs, up to the package files. */
  const stanzas = (more: Readonly<Record<string, string>> = {}, extra: readonly string[] = []): string =>
    stanzasOf([...names, ...extra], { [ESSENTIAL]: "Essential: yes", ...more });

  interface Scene extends AsyncDisposable {
    readonly place: Workplace;
    readonly archive: TinyArchive;
    readonly build: (words?: readonly string[], through?: readonly string[]) => Promise<CliResult>;
    readonly expectGolden: (result: CliResult, name: string) => Promise<void>;
  }

  async function openScene(
    expect: ExpectStatic,
    options: { template?: string; packages?: string; securityUrl?: string } = {},
  ): Promise<Scene> {
    const stack = new AsyncDisposableStack();
    const place = stack.use(await openWorkplace());
    const archive = stack.use(await startTinyArchive(key, options.packages ?? stanzas()));
    const security = options.securityUrl ?? `${archive.url}/debian-security`;
    await place.write("archive.asc", key.armoredPublic);
    await place.write("edge.yml", options.template ?? TEMPLATE);
    await place.write(
      "composer.yml",
      mirrorConfiguration({ debian: `${archive.url}/debian`, security }, "archive.asc"),
    );
    const values = {
      here: place.directory,
      mirror: archive.url,
      security: new URL(security).origin,
      fingerprint: key.fingerprint,
    };
    return {
      place,
      archive,
      build: (words = [], through) =>
        place.compose(["build", "edge.yml", "--config", "composer.yml", ...words], through),
      expectGolden: async (result, name) => {
        expect(result.exitCode).toBe(1);
        await expectGolden(expect, result, name, values);
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  const always = (fault: Fault): Fault[] => Array.from({ length: 20 }, () => fault);
  const withPackages = (...packages: readonly string[]): string =>
    `${TEMPLATE}  packages:\n${packages.map((name) => `    - ${name}\n`).join("")}`;

  it.concurrent("say that an address does not answer", async ({ expect }) => {
    await using scene = await openScene(expect, {
      // The port of "discard", which nobody serves any more.
      securityUrl: "http://127.0.0.1:9/debian-security",
    });
    await scene.expectGolden(await scene.build(), "repository-unreachable");
  });

  it.concurrent("say that a suite is not there", async ({ expect }) => {
    await using scene = await openScene(expect);
    scene.archive.server.files.delete("debian/dists/trixie-updates/InRelease");
    await scene.expectGolden(await scene.build(), "repository-not-found");
  });

  it.concurrent("say that an index ends early", async ({ expect }) => {
    await using scene = await openScene(expect);
    const index = "debian/dists/trixie/main/binary-amd64/Packages.gz";
    scene.archive.server.faults.set(index, always({ kind: "short", sizeBytes: 100 }));
    await scene.expectGolden(await scene.build(), "index-truncated");
  });

  it.concurrent("say that an index is not the one that was signed", async ({ expect }) => {
    await using scene = await openScene(expect);
    const index = "debian/dists/trixie/main/binary-amd64/Packages.gz";
    scene.archive.server.faults.set(index, always({ kind: "flip", at: 50 }));
    await scene.expectGolden(await scene.build(), "index-digest");
  });

  it.concurrent("say that a package is not the one of the index", async ({ expect }) => {
    await using scene = await openScene(expect);
    for (const name of names) scene.archive.addPackageFile(name);
    scene.archive.addPackageFile("openssh-server", packageContent("openssh-sorver"));
    await scene.expectGolden(await scene.build(), "package-digest");
    expect((await scene.place.files()).filter((file) => /openssh/.test(file))).toEqual([]);
  });

  it.concurrent("say that a package is not there", async ({ expect }) => {
    await using scene = await openScene(expect);
    for (const name of names.filter((other) => other !== "openssh-server")) scene.archive.addPackageFile(name);
    await scene.expectGolden(await scene.build(), "package-not-found");
  });

  it.concurrent("say that metadata was changed after it was signed", async ({ expect }) => {
    await using scene = await openScene(expect);
    const tamper = (text: string): string => text.replace("Origin: Test", "Origin: Tset");
    await scene.archive.publish({ suite: "trixie", packages: stanzas(), tamper });
    await scene.expectGolden(await scene.build(), "signature-does-not-fit");
  });

  it.concurrent("say that nobody signed", async ({ expect }) => {
    await using scene = await openScene(expect);
    const tamper = (text: string): string => /\n\n([^]*?)\n-----BEGIN PGP SIGNATURE/.exec(text)?.[1] ?? "";
    await scene.archive.publish({ suite: "trixie", packages: stanzas(), tamper });
    await scene.expectGolden(await scene.build(), "signature-missing");
  });

  it.concurrent("say that a stranger signed", async ({ expect }) => {
    await using scene = await openScene(expect);
    const signer = await makeKey();
    await scene.archive.publish({ suite: "trixie", packages: stanzas(), signer });
    const result = await scene.build();
    const stderr = withPlaceholders(result.stderr, { stranger: signer.fingerprint.slice(-16) });
    await scene.expectGolden({ ...result, stderr }, "signature-by-stranger");
  });

  it.concurrent("say that metadata is expired", async ({ expect }) => {
    await using scene = await openScene(expect);
    const fields = { "Valid-Until": "Mon, 12 Jan 2026 12:00:00 UTC" };
    await scene.archive.publish({ suite: "trixie-updates", fields });
    await scene.expectGolden(await scene.build(), "metadata-expired");
  });

  it.concurrent("say that metadata is older than what was seen", async ({ expect }) => {
    await using scene = await openScene(expect, { template: withPackages("no-such-package") });
    await scene.build();
    const fields = { Date: "Thu, 01 Jan 2026 12:00:00 UTC" };
    await scene.archive.publish({ suite: "trixie", packages: stanzas(), fields });
    const result = await scene.build();
    const [kept = ""] = /[^/]*_debian_trixie-[0-9a-f]+/.exec(result.stderr) ?? [];
    await scene.expectGolden(
      { ...result, stderr: withPlaceholders(result.stderr, { directory: kept }) },
      "metadata-replayed",
    );
  });

  it.concurrent("say that packages are unknown, and which are meant", async ({ expect }) => {
    await using scene = await openScene(expect, { template: withPackages("opensh-server", "cowsay") });
    await scene.expectGolden(await scene.build(), "package-unknown");
  });

  it.concurrent("say which wishes exclude each other", async ({ expect }) => {
    const packages = stanzas(
      { exim4: "Depends: mta", postfix: "Depends: mta-local (>= 2)", mta: "Conflicts: mta-local" },
      ["exim4", "postfix", "mta"],
    );
    const local = stanzasOf(["mta-local"]).replace("Version: 1.0-1", "Version: 2.1-1");
    await using scene = await openScene(expect, {
      template: withPackages("exim4", "postfix"),
      packages: packages + local,
    });
    await scene.expectGolden(await scene.build(), "packages-unsatisfiable");
  });

  it.runIf(process.getuid?.() === 0)("say that the disk is full while packages are fetched", async ({ expect }) => {
    const bigBytes = 8 * 1024 ** 2;
    const content = "x".repeat(bigBytes);
    const big = stanzasOf(["firmware-big"]).replace(/Size: \d+/, `Size: ${bigBytes}`);
    await using scene = await openScene(expect, { template: withPackages("firmware-big"), packages: stanzas() + big });
    for (const name of names) scene.archive.addPackageFile(name);
    scene.archive.addPackageFile("firmware-big", content);
    await mkdir(path.join(scene.place.directory, "cache"));
    const result = await scene.build([], onSmallFileSystem(path.join(scene.place.directory, "cache"), "4m"));
    expect(result.stdout).not.toContain(".deb");
    await scene.expectGolden({ ...result, stdout: "" }, "disk-full-before-fetching");
  });

  it.runIf(process.getuid?.() === 0)(
    "say before anything is fetched that an image will not fit",
    async ({ expect }) => {
      const big = stanzasOf(["firmware-big"], { "firmware-big": `Installed-Size: ${300 * 1024}` });
      const artifacts = "disk:\n  artifacts: [{ type: raw }, { type: raw, compression: zstd }]\n";
      await using scene = await openScene(expect, {
        template: withPackages("firmware-big") + artifacts,
        packages: stanzas() + big,
      });
      const workspace = path.join(scene.place.directory, "small");
      await mkdir(workspace);
      const result = await scene.build(["--work-dir", "small"], onSmallFileSystem(workspace, "500m"));
      expect(scene.archive.server.paths().filter((file) => file.includes("/pool/"))).toEqual([]);
      await scene.expectGolden({ ...result, stdout: "" }, "disk-full-before-building");
    },
  );
});
