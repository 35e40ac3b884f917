import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IssuesError } from "../../config/index.ts";
import { ComposerError } from "../../core/index.ts";
import { resolveDeb } from "../resolver/resolve-deb.ts";
import { toyRepository } from "../resolver/toy-repository.ts";
import { createLock, lockDigest } from "./create-lock.ts";
import { formatLockFile, type LockFile, lockFilePath } from "./lock-file.ts";
import { lockInputs } from "./lock-inputs.ts";
import { parseLockFile, readLockFile } from "./read-lock-file.ts";

const archive = toyRepository([
  ["web 2:1-1", { depends: "lib, data", preDepends: "init", homepage: "https://web.example" }],
  // Two that need each other: their order is a decision.
  ["lib 1", { depends: "data" }],
  ["data 1", { depends: "lib", preDepends: "init" }],
  ["init 1+b1~2", { essential: true }],
]);

function lockFileOf(requested: readonly string[] = ["web"]): LockFile {
  const repositories = [archive];
  const requests = requested.map((text) => ({ text, origin: "test" }));
  const common = { repositories, architecture: "amd64" };
  const lock = createLock({
    providerId: "toy-toy1-x86_64",
    repositories,
    resolution: resolveDeb({ ...common, requests, includeEssential: true }),
    toolResolution: resolveDeb({ ...common, requests: [{ text: "lib", origin: "tools" }], includeEssential: false }),
  });
  const inputs = lockInputs({
    providerId: "toy-toy1-x86_64",
    requests,
    exclude: ["nano"],
    toolPackages: ["lib"],
    sources: [archive.source],
    baseDirectory: "/",
  });
  return { inputs, lock };
}

const TEXT = formatLockFile(lockFileOf());

describe("formatLockFile()", () => {
  it("is read again as the same lock, packages in installation order", () => {
    const file = lockFileOf();
    const read = parseLockFile(TEXT, "edge.lock.json");
    expect(read).toEqual(file);
    expect(lockDigest(read.lock)).toBe(lockDigest(file.lock));
    expect(read.lock.packages.map(({ name }) => name)).toEqual(["init", "data", "lib", "web"]);
    expect(formatLockFile(read)).toBe(TEXT);
  });

  it("has packages in code unit order and a line for each fact", () => {
    const names = [...TEXT.matchAll(/^ {6}"name": "(.*)",$/gm)].map(([, name]) => name);
    expect(names).toEqual(["data", "init", "lib", "web", "data", "init", "lib"]);
    expect(TEXT).toContain('      "version": "2:1-1",\n');
    expect(TEXT).toContain('      "dependsOn": ["data", "init", "lib"],\n');
    expect(TEXT.endsWith("}\n")).toBe(true);
  });

  it("changes in the lines of a package that changed, and in no other", () => {
    const { lock, inputs } = lockFileOf();
    const packages = lock.packages.map((locked) => (locked.name === "web" ? { ...locked, version: "2:1-2" } : locked));
    const lines = formatLockFile({ inputs, lock: { ...lock, packages } }).split("\n");
    const before = TEXT.split("\n");
    expect(lines.filter((line, index) => line !== before[index])).toEqual(['      "version": "2:1-2",']);
  });
});

describe("lockFilePath()", () => {
  it.each([
    ["edge.yml", "edge.lock.json"],
    ["dir.yml/edge.yaml", "dir.yml/edge.lock.json"],
    ["imageconfig.json", "imageconfig.lock.json"],
    ["/srv/edge", "/srv/edge.lock.json"],
  ])("%s → %s", (template, lock) => expect(lockFilePath(template)).toBe(lock));
});

describe("parseLockFile()", () => {
  const issuesOf = (text: string) => {
    try {
      parseLockFile(text, "edge.lock.json");
    } catch (error) {
      if (error instanceof IssuesError) return error;
      throw error;
    }
    throw new Error("the lock was accepted");
  };
  const lineOf = (part: string): number => TEXT.slice(0, TEXT.indexOf(part)).split("\n").length;

  it.each([
    ["an unknown key", '"providerId": "toy', '"extra": 1, "providerId": "toy', 'unknown key "extra"'],
    ["a key given twice", '"providerId": "toy', '"providerId": "a", "providerId": "toy', "key is given twice"],
    ["another format", '"schemaVersion": 1', '"schemaVersion": 2', "2 is out of range"],
    ["a digest in capitals", /"sha256": "\w{3}/.exec(TEXT)?.[0] ?? "", '"sha256": "ABC', "invalid value"],
    ["a size that nobody can have", '"sizeBytes": 1000', '"sizeBytes": 1e300', "is out of range"],
    ["a negative size", '"sizeBytes": 1000', '"sizeBytes": -1', "-1 is out of range"],
    ["a size that is no whole number", '"sizeBytes": 1000', '"sizeBytes": 1.5', "found the number"],
    ["a size as text", '"sizeBytes": 1000', '"sizeBytes": "1000"', "found the text"],
    ["a path that climbs", '"path": "pool/main/data', '"path": "pool/../../data', "must not leave the repository"],
    ["a path from the root", '"path": "pool/main/data', '"path": "/etc/data', "invalid value"],
    ["a name that is none", '"name": "data"', '"name": "../data"', "invalid value"],
    ["a need that is not there", '"dependsOn": ["init"', '"dependsOn": ["gone"', 'no package "gone"'],
    ["a repository that is not there", '"repository": "toy/stable"', '"repository": "x"', 'no repository "x"'],
    ["a package twice", '"name": "init"', '"name": "data"', '"data" is given twice'],
    ["a strange address", '"url": "http:', '"url": "ftp:', "must begin with http://"],
    ["a mirror list of debs", '"url": "http:', '"url": "mirror+http:', "must begin with http://"],
    ["another request", '"packages": ["web"]', '"packages": ["web2"]', "is not the digest"],
    ["another priority", '"priority": 500', '"priority": 501', "is not the digest"],
  ])("refuses %s, and says where", (_, part, replacement, message) => {
    expect(TEXT).toContain(part);
    const { code, details, issues } = issuesOf(TEXT.replace(part, replacement));
    expect(code).toBe("LOCK_INVALID");
    expect(details.join("\n")).toContain(message);
    expect(details.join("\n")).toContain("hint: Restore it from version control");
    const line = message === "is not the digest" ? lineOf('"templateSha256"') : lineOf(part);
    expect(issues.map(({ position }) => position?.line)).toContain(line);
  });

  it.each(["", "null", "[]", "{", '{"schemaVersion": 1,}', TEXT.slice(0, -3), "[".repeat(100_000), `${TEXT}x`])(
    "refuses what is no lock at all: %#",
    (text) => expect(issuesOf(text).code).toBe("LOCK_INVALID"),
  );

  it("fails in words, whatever is changed", () => {
    const edit = fc.tuple(fc.nat(TEXT.length), fc.nat(8), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(edit, ([at, count, text]) => {
        try {
          parseLockFile(TEXT.slice(0, at) + text + TEXT.slice(at + count), "edge.lock.json");
        } catch (error) {
          expect(error).toBeInstanceOf(ComposerError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("readLockFile()", () => {
  const NAMES = { file: "edge.lock.json", template: "edge.yaml" };
  const files = (chunks: readonly Uint8Array[] | undefined) => ({
    exists: async () => chunks !== undefined,
    readStream: async function* () {
      yield* chunks ?? [];
    },
  });

  it("says how to make a lock that is not there", async () => {
    await expect(readLockFile(files(undefined), "/srv/edge.lock.json", NAMES)).rejects.toMatchObject({
      code: "LOCK_NOT_FOUND",
      hint: 'Make it with "os-image-composer lock edge.yaml"',
    });
  });

  it("stops reading what is too large, and refuses what is no text", async () => {
    let count = 0;
    const endless = {
      exists: async () => true,
      readStream: async function* () {
        for (; count < 10_000; count += 1) yield Buffer.alloc(1024 ** 2, " ");
      },
    };
    await expect(readLockFile(endless, "edge.lock.json", NAMES)).rejects.toMatchObject({ code: "LOCK_INVALID" });
    expect(count).toBeLessThan(100);
    await expect(readLockFile(files([Buffer.of(0xff, 0xfe)]), "edge.lock.json", NAMES)).rejects.toMatchObject({
      code: "LOCK_INVALID",
      message: expect.stringContaining("not UTF-8") as string,
    });
  });
});
