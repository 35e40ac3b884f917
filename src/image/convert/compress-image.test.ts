import { describe, expect, it } from "vitest";
import { compressImage, planCompression } from "./compress-image.ts";

describe("planCompression()", () => {
  it.each([
    ["gz", ".gz"],
    ["gzip", ".gz"],
    ["bz2", ".bz2"],
    ["xz", ".xz"],
    ["zstd", ".zst"],
  ])("gives %s the suffix %s and keeps the input", (compression, suffix) => {
    const plan = planCompression(compression, "/run/disk.raw", 2);
    expect(plan).toMatchObject({ suffix, outputFile: `/run/disk.raw${suffix}` });
    expect(plan.argv.slice(-3)).toEqual(["--force", "--", "/run/disk.raw"]);
    expect(plan.argv).toContain("--keep");
  });

  it("never lets a program take its single-threaded form, which writes other bytes", () => {
    expect(planCompression("xz", "f", 1).argv).toContain("--threads=+1");
    expect(planCompression("zstd", "f", 0).argv).toContain("-T1");
  });

  it.each(["lz4", "toString", ""])("refuses %j", (compression) => {
    expect(() => planCompression(compression, "f", 1)).toThrow(
      expect.objectContaining({ code: "TEMPLATE_UNSUPPORTED" }),
    );
  });
});

describe("compressImage()", () => {
  it("runs the plan and says what it made", async () => {
    const calls: unknown[] = [];
    const plan = await compressImage(async (argv) => calls.push(argv), {
      compression: "gz",
      file: "/f",
      threadCount: 2,
    });
    expect(calls).toEqual([["gzip", "--no-name", "-6", "--quiet", "--keep", "--force", "--", "/f"]]);
    expect(plan.outputFile).toBe("/f.gz");
  });
});
