import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callProgram } from "../../../test/fixtures/call-program.ts";
import {
  defaultPackageNames,
  mirrorConfiguration,
  startTinyArchive,
  stanzasOf,
  type TinyArchive,
} from "../../../test/e2e/support/tiny-repository.ts";
import { makeKey, NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";

const TEMPLATE = `\
image: { name: edge, version: "1" }
target: { os: debian, dist: debian13, arch: x86_64, imageType: raw }
systemConfig:
  name: edge
  packages:
    - web
    - web-extra
  excludePackages:
    - banned
`;

const OWN = {
  web: "Depends: server | httpd, libweb (>= 1.0)",
  "web-extra": "Pre-Depends: libweb",
  server: "Depends: libweb",
  libweb: "Installed-Size: 2048",
  httpd: "Provides: http-daemon",
  banned: "",
  rival: "Conflicts: server, http-daemon",
};

let archive: TinyArchive;
let directory: string;
let host: ReturnType<typeof testHost>;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "why-"));
  const key = await makeKey();
  const names = ["base-files", ...(await defaultPackageNames())];
  const own = Object.entries(OWN).map(([name, lines]) => stanzasOf([name], lines === "" ? {} : { [name]: lines }));
  archive = await startTinyArchive(key, `${stanzasOf(names, { "base-files": "Essential: yes" })}${own.join("")}`);
  const real = testHost(NOW);
  host = { ...real, environment: { ...real.environment, workingDirectory: directory, homeDirectory: directory } };
  await writeFile(path.join(directory, "key.asc"), key.armoredPublic);
  const mirrors = { debian: `${archive.url}/debian`, security: `${archive.url}/debian-security` };
  await writeFile(
    path.join(directory, "composer.yml"),
    `${mirrorConfiguration(mirrors, "key.asc")}cache_dir: cache\nwork_dir: work\n`,
  );
  await writeFile(path.join(directory, "edge.yml"), TEMPLATE);
});
afterAll(async () => {
  await host.http.close();
  await archive[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const call = (...words: readonly string[]) => callProgram(host, words);

describe("why", () => {
  it("shows how the lines of a template bring in a package", async () => {
    const { exitCode, stdout } = await call("why", "edge.yml", "libweb");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\
systemConfig.packages "web" (edge.yml:6:7): web 1.0-1
└─ depends on libweb (>= 1.0): libweb 1.0-1

systemConfig.packages "web-extra" (edge.yml:7:7): web-extra 1.0-1
└─ pre-depends on libweb: libweb 1.0-1
`);
  });

  it("answers as JSON", async () => {
    const { stdout } = await call("why", "edge.yml", "server", "--json", "--size");
    const { schemaVersion, answers, savings } = JSON.parse(stdout) as {
      readonly schemaVersion: number;
      readonly answers: readonly { readonly count: number; readonly chains: readonly object[] }[];
      readonly savings: { readonly lines: readonly { readonly removed: readonly { readonly name: string }[] }[] };
    };
    expect(schemaVersion).toBe(1);
    expect(answers).toMatchObject([
      {
        count: 1,
        chains: [
          {
            request: { text: "web", position: { file: "edge.yml", line: 6 } },
            links: [{ verb: "depends on", requirement: "server | httpd", package: { name: "server" } }],
          },
        ],
      },
    ]);
    expect(savings.lines.map(({ removed }) => removed.map(({ name }) => name))).toEqual([["server", "web"]]);
  });

  it("shows what each line costs", async () => {
    const { exitCode, stdout } = await call("why", "edge.yml", "--size");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +2 .* systemConfig\.packages "web" \(edge\.yml:6:7\)$/m);
    expect(stdout).toMatch(/^ +1 .* systemConfig\.packages "web-extra" \(edge\.yml:7:7\)$/m);
    expect(stdout).toContain("Without any line there would be 1 package (");
  });

  it("asks about the tool root", async () => {
    expect((await call("why", "edge.yml", "e2fsprogs", "--tool-root")).stdout).toContain('tool root "e2fsprogs"');
    expect((await call("why", "edge.yml", "web", "--tool-root")).exitCode).toBe(1);
  });

  it("points to why-not for what is not there, with exit code 1", async () => {
    expect(await call("why", "edge.yml", "rival")).toMatchObject({
      exitCode: 1,
      stdout: 'rival is not in the image\nhint: "os-image-composer why-not edge.yml rival" says what keeps it out\n',
    });
  });

  it("wants a package or --size", async () => {
    const { exitCode, stderr } = await call("why", "edge.yml");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("no package is named");
  });
});

describe("why-not", () => {
  it("names the line that excludes a package", async () => {
    const { exitCode, stdout } = await call("why-not", "edge.yml", "banned");
    expect(exitCode).toBe(0);
    expect(stdout).toContain('systemConfig.excludePackages "banned" (edge.yml:9:7) excludes it');
    expect(stdout).toContain('hint: Remove "banned" (edge.yml:9:7) from systemConfig.excludePackages');
  });

  it("shows a contradiction and the lines in its way", async () => {
    const { stdout } = await call("why-not", "edge.yml", "rival", "--json");
    const { verdict, details } = JSON.parse(stdout) as {
      readonly verdict: string;
      readonly details: readonly string[];
    };
    expect(verdict).toBe("conflicts");
    expect(details).toContain('- Remove systemConfig.packages "web" (edge.yml:6:7)');
  });

  it("ends with exit code 1 when the package is there", async () => {
    expect(await call("why-not", "edge.yml", "libweb")).toMatchObject({
      exitCode: 1,
      stdout:
        'libweb is in the image: libweb 1.0-1\nhint: "os-image-composer why edge.yml libweb" shows how it came in\n',
    });
  });
});

describe("graph", () => {
  it("prints DOT, or writes a picture where the name says so", async () => {
    expect((await call("graph", "edge.yml")).stdout).toContain('  "web" -> "server";\n');
    expect(await call("graph", "edge.yml", "-o", "g.svg")).toMatchObject({ exitCode: 0, stdout: "g.svg\n" });
    expect(await readFile(path.join(directory, "g.svg"), "utf8")).toMatch(/^<\?xml .*\n<svg [^]*>web<\/text>/);
  });
});
