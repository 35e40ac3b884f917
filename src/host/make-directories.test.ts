import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDirectories } from "./make-directories.ts";

describe("makeDirectories()", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "make-directories-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it("makes what is missing, with the mode for the last one whatever the umask is", () => {
    const before = process.umask(0o077);
    makeDirectories(path.join(directory, "a/b/c"), 0o755);
    process.umask(before);
    expect(statSync(path.join(directory, "a/b/c")).mode & 0o777).toBe(0o755);
    expect(statSync(path.join(directory, "a")).mode & 0o777).toBe(0o700);
  });

  it("leaves a directory that is there as it is", () => {
    makeDirectories(path.join(directory, "a"), 0o700);
    makeDirectories(path.join(directory, "a"), 0o755);
    expect(statSync(path.join(directory, "a")).mode & 0o777).toBe(0o700);
  });

  it("fails where a file is in the way, and where nothing can be made", () => {
    writeFileSync(path.join(directory, "file"), "");
    expect(() => makeDirectories(path.join(directory, "file"))).toThrow(/ENOTDIR/);
    expect(() => makeDirectories(path.join(directory, "file/below"))).toThrow(/ENOTDIR/);
    expect(() => makeDirectories("/proc/nowhere/below")).toThrow(/ENOENT/);
  });
});
