import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fatTypeFor, planFatGeometry } from "./fat-geometry.ts";

const MIB = 1024 * 1024;

describe("planFatGeometry()", () => {
  it.each([
    ["fat32", 33, 1],
    ["fat32", 100, 1],
    ["fat32", 512, 8],
    ["fat32", 16384, 16],
    ["fat16", 3, 1],
    ["fat16", 100, 4],
    ["fat16", 2000, 64],
  ] as const)("gives %s of %d MiB clusters of %d sectors", (type, mib, sectorsPerCluster) => {
    expect(planFatGeometry(type, mib * MIB)).toMatchObject({ type, sectorsPerCluster });
  });

  it.each([
    ["fat32", 32],
    ["fat16", 2],
    ["fat16", 2048],
  ] as const)("has no geometry for %s of %d MiB", (type, mib) => {
    expect(planFatGeometry(type, mib * MIB)).toBeUndefined();
  });

  it("keeps the number of clusters legal, everything inside, and clusters aligned", () => {
    fc.assert(
      fc.property(fc.constantFrom("fat16", "fat32"), fc.integer({ min: 0, max: 40_000 * MIB }), (type, sizeBytes) => {
        const geometry = planFatGeometry(type, sizeBytes);
        if (geometry === undefined) return;
        const { clusterCount, sectorsPerCluster, dataSector, fatSectors, reservedSectors } = geometry;
        expect(clusterCount >= 65525 ? "fat32" : "fat16").toBe(type);
        expect(clusterCount).toBeGreaterThanOrEqual(4085);
        expect((dataSector + clusterCount * sectorsPerCluster) * 512).toBeLessThanOrEqual(sizeBytes);
        expect(fatSectors * 512).toBeGreaterThanOrEqual((clusterCount + 2) * (type === "fat32" ? 4 : 2));
        expect([fatSectors % sectorsPerCluster, reservedSectors % sectorsPerCluster]).toEqual([0, 0]);
      }),
    );
  });
});

describe("fatTypeFor()", () => {
  it("takes FAT32 as soon as it is possible", () => {
    expect([32, 33].map((mib) => fatTypeFor(mib * MIB))).toEqual(["fat16", "fat32"]);
  });
});
