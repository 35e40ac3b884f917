import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Host, nodeFiles, systemClock } from "../host/index.ts";
import type { BuildPlaces } from "./build-paths.ts";
import { removeUnfinished } from "./remove-unfinished.ts";

let root: string;
let paths: BuildPlaces;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "remove-unfinished-"));
  const at = (name: string) => path.join(root, name);
  paths = {
    packageCache: at("packages"),
    repositoryCache: at("cache"),
    chrootBuild: at("chrootbuild"),
    trees: at("image/.trees"),
    imageBuild: at("image"),
    records: at("image/.records"),
    dependencyGraph: at("packages/chrootpkgs.dot"),
    imageCache: at("images"),
    fresh: at("image/.fresh"),
    slots: at(".slots"),
  };
});
afterEach(() => rmSync(root, { recursive: true }));

it("`removeUnfinished()` removes what killed builds left, and nothing that is finished or may still be written", async () => {
  const put = (file: string, ageHours: number): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), "");
    const seconds = systemClock.nowMs() / 1000 - ageHours * 3600;
    utimesSync(path.join(root, file), seconds, seconds);
  };
  put("image/image.raw", 5);
  put("image/.lock", 5);
  put("image/.fresh/pkgCache/package.deb", 0);
  put("image/.image.raw.0123456789ab", 0);
  put("image/.records/base-tree.tar.zst", 5);
  put("image/.records/.base-tree.tar.zst.0123456789ab", 0);
  put("chrootbuild/.chrootenv.json.0123456789ab", 0);
  put("chrootbuild/.chrootenv.json.ba9876543210", 2);
  put("cache/repositories/debian/.packages.index.0123456789ab", 2);
  put("cache/repositories/debian/packages.index", 2);

  await removeUnfinished({ files: nodeFiles, clock: systemClock } as Host, paths);

  const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(left.map(({ name }) => name).sort()).toEqual([
    ".chrootenv.json.0123456789ab",
    ".lock",
    "base-tree.tar.zst",
    "image.raw",
    "packages.index",
  ]);
});
