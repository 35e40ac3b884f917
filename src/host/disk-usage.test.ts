import { link, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { diskUsage } from "./disk-usage.ts";
import { nodeFiles } from "./files.ts";

let directory = "";
const at = (name: string): string => path.join(directory, name);
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "disk-usage-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("diskUsage()", () => {
  it("counts blocks, not holes, and nothing for what is not there", async () => {
    await writeFile(at("sparse"), "");
    await truncate(at("sparse"), 2 ** 30);
    await mkdir(at("below"));
    await writeFile(at("below/file"), "x".repeat(100_000));
    const usage = await diskUsage([directory, at("missing")]);
    expect(usage.fileCount).toBe(2);
    expect(usage.sizeBytes).toBeGreaterThanOrEqual(100_000);
    expect(usage.sizeBytes).toBeLessThan(200_000);
    expect(usage.freeableBytes).toBe(usage.sizeBytes);
  });

  it("counts a file with two names once, as freed only when both go", async () => {
    await writeFile(at("one"), "x".repeat(100_000));
    await link(at("one"), at("other"));
    const both = await diskUsage([at("one"), at("other")]);
    const one = await diskUsage([at("one")]);
    expect(one.sizeBytes).toBe(both.sizeBytes);
    expect(one.freeableBytes).toBe(0);
    expect(both.freeableBytes).toBe(both.sizeBytes);
  });
});

describe("nodeFiles", () => {
  it("shares a file under a second name, and replaces nothing", async () => {
    await writeFile(at("one"), "content");
    await nodeFiles.share(at("one"), at("other"));
    expect(await readFile(at("other"), "utf8")).toBe("content");
    await writeFile(at("there"), "before");
    await expect(nodeFiles.share(at("one"), at("there"))).rejects.toThrow(/already exists/);
    expect(await readFile(at("there"), "utf8")).toBe("before");
  });

  it("writes a new file with its mode, and never over another", async () => {
    await nodeFiles.writeNew(at("new"), "content", 0o600);
    expect((await stat(at("new"))).mode & 0o777).toBe(0o600);
    await expect(nodeFiles.writeNew(at("new"), "other", 0o600)).rejects.toMatchObject({ code: "HOST_FILE_UNWRITABLE" });
    expect(await nodeFiles.list(directory)).toEqual(["new"]);
    expect(await readFile(at("new"), "utf8")).toBe("content");
  });
});
