import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sha256 } from "../../src/core/index.ts";
import type { RepositoryIndex } from "../../src/ospackage/index.ts";
import { encodeRpmIndex, openRpmIndex, type RpmIndex } from "../../src/ospackage/rpm/index.ts";

/** A repository whose metadata dnf and we read alike. */
export interface MetadataTexts {
  readonly id: string;
  /** In our sense: higher wins. */
  readonly priority: number;
  readonly primary: string;
  readonly fileLists: string;
}

export interface World {
  readonly name: string;
  readonly repositories: readonly MetadataTexts[];
  readonly installWeak?: boolean;
  readonly sets: readonly (readonly string[])[];
}

/** What dnf would install, as sorted `name-evr.arch`, or why it would not. */
export type DnfAnswer = { readonly packages: readonly string[] } | { readonly problem: string };

export function hasDnf(): boolean {
  return spawnSync("/usr/bin/python3", ["-c", "import dnf"]).status === 0;
}

/** dnf's answers to all sets of all worlds, asked in one process that has nothing to do with the host's own dnf. */
export function askDnf(worlds: readonly World[]): readonly (readonly DnfAnswer[])[] {
  const directory = mkdtempSync(path.join(tmpdir(), "resolver-dnf-"));
  try {
    const asked = {
      directory,
      worlds: worlds.map(({ repositories, installWeak = false, sets }, at) => ({
        name: `world-${at}`,
        installWeak,
        sets,
        repositories: repositories.map((repository) => ({
          id: repository.id,
          path: writeRepository(path.join(directory, `world-${at}`, repository.id), repository),
          // dnf's own: lower wins.
          priority: 1000 - repository.priority,
        })),
      })),
    };
    const output = execFileSync("/usr/bin/python3", [path.join(import.meta.dirname, "resolver-rpm-dnf.py")], {
      input: JSON.stringify(asked),
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin", HOME: directory, LC_ALL: "C.UTF-8" },
      maxBuffer: 2 ** 28,
      stdio: ["pipe", "pipe", "pipe"],
    });
    return output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as DnfAnswer[]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function openMetadata({ id, priority, primary }: MetadataTexts): RepositoryIndex<RpmIndex> {
  return {
    source: {
      kind: "rpm",
      id,
      canonicalUrl: "http://rpm.example/",
      urls: ["http://rpm.example/"],
      keys: [],
      foreignKeys: false,
      gpgCheck: true,
      repoGpgCheck: false,
      priority,
    },
    index: { ...openRpmIndex(encodeRpmIndex(Buffer.from(primary))), knowsOwnersOf: () => true },
    metadataSha256: sha256(primary),
    verified: true,
  };
}

function writeRepository(directory: string, { primary, fileLists }: MetadataTexts): string {
  mkdirSync(path.join(directory, "repodata"), { recursive: true });
  const entries = Object.entries({ primary, filelists: fileLists }).map(([type, text]) => {
    const location = `repodata/${type}.xml`;
    writeFileSync(path.join(directory, location), text);
    const digest = createHash("sha256").update(text).digest("hex");
    return `<data type="${type}"><checksum type="sha256">${digest}</checksum><location href="${location}"/><size>${Buffer.byteLength(text)}</size><timestamp>1</timestamp></data>`;
  });
  writeFileSync(
    path.join(directory, "repodata/repomd.xml"),
    `<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${entries.join("")}</repomd>\n`,
  );
  return directory;
}
