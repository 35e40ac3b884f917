import { describe, expect, it } from "vitest";
import { type BuildControlFlags, parseTimeout, planBuild } from "./build-control.ts";

const settings = (enabled: boolean, cleanupOnFailure = true) => ({
  cleanupOnFailure,
  packageCache: { enabled, maxSizeBytes: 1, retentionDays: 1 },
  imageCache: { enabled, maxCount: 1 },
});

describe("planBuild()", () => {
  it("takes the command line over the template over the file", () => {
    const template = { cache: { use_package_cache: true, use_image_cache: true }, timeout: "1h", keepTemp: true };
    const off = { packageCache: false, imageCache: false };
    const uses = (...call: Parameters<typeof planBuild>) => {
      const { usePackageCache, useImageCache } = planBuild(...call);
      return [usePackageCache, useImageCache];
    };
    expect(uses({}, undefined, settings(true))).toEqual([true, true]);
    expect(uses({}, undefined, settings(false))).toEqual([false, false]);
    expect(uses({}, template, settings(false))).toEqual([true, true]);
    expect(uses(off, template, settings(true))).toEqual([false, false]);
    expect(planBuild({}, template, settings(true))).toMatchObject({ timeout: "1h", keep: "always" });
    expect(planBuild({ timeout: "5s" }, template, settings(true)).timeout).toBe("5s");
  });

  it("uses no cache at all with --no-cache, whatever the template says", () => {
    const template = { cache: { use_package_cache: true, use_image_cache: true } };
    expect(planBuild({ cache: false }, template, settings(true))).toMatchObject({
      useCache: false,
      usePackageCache: false,
      useImageCache: false,
    });
  });

  it("keeps trees when it is told to, and those of failed builds when the file says so", () => {
    expect(planBuild({}, undefined, settings(true)).keep).toBe("never");
    expect(planBuild({}, undefined, settings(true, false)).keep).toBe("on-failure");
    expect(planBuild({ keepTemp: true }, undefined, settings(true, false)).keep).toBe("always");
  });

  it.each<BuildControlFlags>([
    { offline: true, cache: false },
    { offline: true, packageCache: false },
  ])("refuses %j", (flags) => {
    expect(() => planBuild(flags, undefined, settings(true))).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("parseTimeout()", () => {
  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["576h", 24 * 24 * 3_600_000],
    ["577h", undefined],
    ["0s", undefined],
    ["30", undefined],
    ["1h30m", undefined],
    ["-1s", undefined],
    ["99999999999999999999s", undefined],
  ])("reads %s", (text, timeoutMs) => {
    expect(parseTimeout(text)).toBe(timeoutMs);
  });
});
