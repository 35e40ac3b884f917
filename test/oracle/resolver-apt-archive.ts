import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../src/core/index.ts";
import { encodeDebIndex, openDebIndex } from "../../src/ospackage/deb/index.ts";
import type { RepositoryIndex } from "../../src/ospackage/repository/repository.ts";

/** A Debian suite as apt sees it, with a configuration of its own and nothing installed; ours reads the same bytes. */
export interface AptArchive {
  readonly repository: RepositoryIndex;
  /** What `apt-get install` would install, as sorted `name version`; undefined when it refuses. */
  simulateInstall(requests: readonly string[]): readonly string[] | undefined;
  remove(): void;
}

/** @returns undefined when apt or its keys are missing on this host */
export function openAptArchive(suite: string): AptArchive | undefined {
  const mirror = hostDebianMirror();
  if (mirror === undefined || !existsSync(KEYRING)) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "resolver-apt-"));
  const env = { ...process.env, LC_ALL: "C", APT_CONFIG: writeAptConfiguration(directory, mirror, suite) };
  const aptGet = (...args: readonly string[]) => {
    return execFileSync("apt-get", args, {
      encoding: "utf8",
      env,
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  aptGet("update");
  const lists = join(directory, "state/lists");
  const packages = readFileSync(join(lists, readdirSync(lists).find((name) => name.endsWith("_Packages")) ?? ""));
  return {
    repository: toRepository(packages, suite),
    simulateInstall: (requests) => {
      try {
        const output = aptGet("--simulate", "--yes", "install", ...requests);
        return [...output.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name, version]) => `${name} ${version}`).sort();
      } catch {
        return undefined;
      }
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The address of the first Debian mirror in this host's apt sources, one-line or deb822. */
function hostDebianMirror(): string | undefined {
  const directory = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(directory) ? readdirSync(directory) : []).map((name) => join(directory, name)),
  ];
  const text = files
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  return /^(?:deb\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1];
}

function writeAptConfiguration(directory: string, mirror: string, suite: string): string {
  for (const name of ["etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const status = join(directory, "status");
  writeFileSync(status, "");
  writeFileSync(join(directory, "etc/sources.list"), `deb [arch=amd64 signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  const settings = {
    "Dir::Etc": join(directory, "etc"),
    "Dir::State": join(directory, "state"),
    "Dir::State::status": status,
    "Dir::Cache": join(directory, "cache"),
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Install-Recommends": "false",
    "APT::Sandbox::User": "root",
    "Acquire::GzipIndexes": "false",
    "Acquire::Languages": "none",
  };
  const file = join(directory, "apt.conf");
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  return file;
}

function toRepository(packages: Uint8Array, suite: string): RepositoryIndex {
  return {
    source: {
      kind: "deb",
      id: `debian/${suite}`,
      canonicalUrl: "http://ftp.debian.org/debian",
      url: "http://ftp.debian.org/debian",
      suite,
      components: ["main"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      priority: 500,
    },
    index: openDebIndex(encodeDebIndex(packages, { architecture: "amd64" })),
    metadataSha256: sha256(packages),
    verified: true,
  };
}
