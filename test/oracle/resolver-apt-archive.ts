import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../src/core/index.ts";
import { nodeFiles } from "../../src/host/index.ts";
import {
  encodeDebIndex,
  hostMirrorFor,
  openDebIndex,
  readHostMirrors,
  type RepositoryIndex,
} from "../../src/ospackage/index.ts";

/** A Debian suite as apt sees it, with a configuration of its own and nothing installed; ours reads the same bytes. */
export interface AptArchive {
  readonly suite: string;
  readonly repository: RepositoryIndex;
  /** The text of the Packages index. */
  readonly packages: Uint8Array;
  /** What `apt-get --simulate install` would install, as sorted `name version`; undefined when it refuses. */
  simulateInstall(requests: readonly string[]): readonly string[] | undefined;
  /** As `simulateInstall`, without playing the order of installation, which takes apt most of the time. */
  chooseInstall(requests: readonly string[]): readonly string[] | undefined;
  remove(): void;
}

/** @returns undefined when apt or its keys are missing on this host */
export async function openAptArchive(suite: string): Promise<AptArchive | undefined> {
  const mirror = hostMirrorFor(await readHostMirrors({ files: nodeFiles }), suite);
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
  const choose = (options: readonly string[], pattern: RegExp, requests: readonly string[]) => {
    try {
      const output = aptGet("--quiet=2", "--yes", ...options, "install", ...requests);
      return [...output.matchAll(pattern)].map(([, name, version = ""]) => `${name} ${unescape(version)}`).sort();
    } catch {
      return undefined;
    }
  };
  return {
    suite,
    repository: toRepository(packages, suite),
    packages,
    simulateInstall: (requests) => choose(["--simulate"], /^Inst (\S+) \((\S+) /gm, requests),
    chooseInstall: (requests) => choose(["--print-uris"], /^'[^']*' ([^_\s]+)_([^_\s]+)_\S+\.deb /gm, requests),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Epochs in file names. */
function unescape(version: string): string {
  return version.replace("%3a", ":");
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

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
