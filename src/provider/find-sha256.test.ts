import { createHash } from "node:crypto";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../test/fixtures/fake-tree.ts";
import { noEvents, sha256 } from "../core/index.ts";
import type { HostFiles } from "../host/index.ts";
import type { Resolution } from "../ospackage/index.ts";
import { findSha256 } from "./find-sha256.ts";
import type { ProviderBuild } from "./provider-build.ts";

const NAMES = Array.from({ length: 12 }, (_, index) => `package-${index}`);
const NO_PACKAGES = { packages: [] } as unknown as Resolution;

/** Packages whose index lists them by SHA-512, on this machine. */
const LISTED_LONG = {
  packages: NAMES.map((name) => ({
    package: {
      ...{ name, version: "1-1", architecture: "noarch", path: `${name}.rpm`, sizeBytes: name.length },
      longDigest: createHash("sha512").update(name).digest("hex"),
    },
    repository: { source: { id: "own" } },
  })),
} as unknown as Resolution;

async function find(measure: (measured: Promise<unknown>) => void, signal?: AbortSignal) {
  using tree = fakeTree(Object.fromEntries(NAMES.map((name) => [`/${name}.rpm`, name])));
  const files: HostFiles = {
    ...tree.host.files,
    sha256: async (file) => {
      const measured = tree.host.files.sha256(file);
      measure(measured);
      return measured;
    },
  };
  const build = {
    host: { files },
    paths: { packageCache: path.join(tree.root, "cache/own") },
    request: {
      template: { file: path.join(tree.root, "edge.yml") },
      settings: { workers: 1 },
      offline: true,
      emit: noEvents,
      ...(signal === undefined ? {} : { signal }),
    },
    sources: [],
  } as unknown as ProviderBuild;
  return await findSha256(build, { image: LISTED_LONG, tools: NO_PACKAGES });
}

describe("findSha256()", () => {
  it("measures the files of packages that are listed by a longer digest, a few at a time", async () => {
    let [underWay, most] = [0, 0];
    const { image } = await find((measured) => {
      underWay += 1;
      most = Math.max(most, underWay);
      void measured.finally(() => (underWay -= 1));
    });
    expect(image.packages.map((resolved) => resolved.package.sha256)).toEqual(NAMES.map((name) => sha256(name)));
    expect([most > 0, most <= 4]).toEqual([true, true]);
  });

  it("ends when it is told to", async () => {
    const interrupt = new AbortController();
    let count = 0;
    const found = find(() => {
      count += 1;
      interrupt.abort();
    }, interrupt.signal);
    await expect(found).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(count).toBeLessThan(NAMES.length);
  });
});
