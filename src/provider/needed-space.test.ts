import { describe, expect, it } from "vitest";
import { neededSpace, type NeededSpaceOptions } from "./needed-space.ts";

const MIB = 1024 ** 2;

/** The sizes of the minimal Debian 13 image: what a build of it really took is in the tests below. */
const MINIMAL: NeededSpaceOptions = {
  packages: [{ installedSizeBytes: 289 * MIB, sizeBytes: 153 * MIB }],
  toolPackages: [{ installedSizeBytes: 72 * MIB, sizeBytes: 19 * MIB }],
  disk: { size: "2GiB", artifacts: [{ type: "raw" }] },
  hasBaseTree: false,
  hasToolRoot: false,
};

const workMib = (options: Partial<NeededSpaceOptions> = {}): number =>
  neededSpace({ ...MINIMAL, ...options }).workBytes / MIB;

describe("neededSpace()", () => {
  it("is a little more than a real build of the minimal image took", () => {
    const image = 418;
    const [baseTree, toolRoot, initrd] = [181, 32, 34];
    const real = image + baseTree + toolRoot + initrd;
    expect(workMib()).toBeGreaterThan(real);
    expect(workMib()).toBeLessThan(1.15 * real);
    const again = workMib({ hasBaseTree: true, hasToolRoot: true });
    expect(again).toBeGreaterThan(image);
    expect(again).toBeLessThan(1.15 * image);
  });

  it("counts every compressed artifact besides the image that it is made from", () => {
    const compressed = (...compressions: ("zstd" | "xz")[]) => ({
      disk: { size: "2GiB", artifacts: compressions.map((compression) => ({ type: "raw" as const, compression })) },
    });
    const one = workMib(compressed("zstd")) - workMib();
    expect(one).toBeGreaterThan(250);
    expect(one).toBeLessThan(300);
    expect(workMib(compressed("zstd", "xz")) - workMib()).toBeCloseTo(2 * one);
  });

  it("never takes an image for larger than its disk", () => {
    const [large, small] = ["1GiB", "100MiB"].map((size) =>
      workMib({
        disk: { size, artifacts: [{ type: "raw", compression: "zstd" }] },
        hasBaseTree: true,
        hasToolRoot: true,
      }),
    );
    expect(small).toBe(200);
    expect(large).toBeGreaterThan(600);
  });

  it("counts trees on their own: they are in memory where that is possible", () => {
    const { treeBytes } = neededSpace(MINIMAL);
    expect(treeBytes / MIB).toBeCloseTo((289 + 72) * 1.2 + 768);
    expect(neededSpace({ ...MINIMAL, hasBaseTree: true }).treeBytes).toBe(treeBytes);
  });
});
