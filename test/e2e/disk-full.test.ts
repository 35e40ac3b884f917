import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, onSmallFileSystem, runComposer, withPlaceholders } from "./support/cli.ts";

const TEMPLATE = path.join(CHECKOUT, "image-templates/debian13-x86_64-minimal-raw.yml");

/** Room for all that a build needs, about 700 MB, until somebody else takes most of what the image still wants. */
const WORK_SIZE = "900m";
const TAKEN_SIZE = "500m";

describe.runIf(process.getuid?.() === 0)("a disk that is full while the image is written", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "disk-full-"));
    await mkdir(path.join(directory, "workspace"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("is named, and nothing is left under the image's name", async () => {
    const words = ["build", TEMPLATE, "--mirror", "debian=host", "--work-dir", "workspace", "--log-level", "error"];
    const work = path.join(directory, "workspace");
    const through = [...onSmallFileSystem(work, WORK_SIZE), ...takenWhenImageGrows(work)];
    const { exitCode, stdout, stderr } = await runComposer(words, { cwd: directory, through });
    const text = withPlaceholders(stderr, { here: directory }).replace(/\.raw\.[0-9a-f]+/, ".raw.{random}");
    await expect(`exit code ${exitCode}\n\n${text}`).toMatchFileSnapshot(
      path.join(CHECKOUT, "test/golden/errors/disk-full-while-writing.txt"),
    );
    const left = stdout.split("\n").filter((file) => file.includes("/imagebuild/") && !file.includes("/.records/"));
    expect(left.filter((file) => !file.endsWith("/.lock"))).toEqual([]);
    expect(stdout).toContain("base-tree.tar.zst");
  });
});

/** Goes on with what follows; takes space from `directory` as soon as an unfinished image is below it. */
function takenWhenImageGrows(directory: string): string[] {
  const script = [
    "directory=$1 size=$2 && shift 2",
    "{",
    // $$ is what this shell becomes: nobody waits for an image that will not come.
    'until ls -A "$directory"/*/imagebuild/* | grep -q "raw[.]"; do sleep 0.05; kill -0 $$ || exit; done',
    // Of an image that has grown meanwhile the rest will do.
    'fallocate --length "$size" "$directory/taken" || cat /dev/zero >"$directory/taken"',
    "} >/dev/null 2>&1 &",
    'exec "$@"',
  ];
  return ["sh", "-c", script.join("\n"), "sh", directory, TAKEN_SIZE];
}
