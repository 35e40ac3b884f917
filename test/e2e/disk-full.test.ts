import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, onSmallFileSystem, runComposer, withPlaceholders } from "./support/cli.ts";

const TEMPLATE = path.join(CHECKOUT, "image-templates/debian13-x86_64-minimal-raw.yml");

/** Room for the tool root, the packed base tree and the initrd, which are 250 MB, but not for an image of 430 MB. */
const WORK_SIZE = "400m";

describe.runIf(process.getuid?.() === 0)("a disk that is full while the image is written", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "disk-full-"));
    await mkdir(path.join(directory, "work"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("is named, and nothing is left under the image's name", async () => {
    const words = ["build", TEMPLATE, "--mirror", "debian=host", "--work-dir", "work", "--log-level", "error"];
    const through = onSmallFileSystem(path.join(directory, "work"), WORK_SIZE);
    const { exitCode, stdout, stderr } = await runComposer(words, { cwd: directory, through });
    const text = withPlaceholders(stderr, { work: directory }).replace(/\.raw\.[0-9a-f]+/, ".raw.{random}");
    await expect(`exit code ${exitCode}\n\n${text}`).toMatchFileSnapshot(
      path.join(CHECKOUT, "test/golden/errors/disk-full-while-writing.txt"),
    );
    const left = stdout.split("\n").filter((file) => file.includes("/imagebuild/") && !file.includes("/.records/"));
    expect(left.filter((file) => !file.endsWith("/.lock"))).toEqual([]);
    expect(stdout).toContain("base-tree.tar.zst");
  });
});
