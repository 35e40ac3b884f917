import { describe, expect, it } from "vitest";
import type { DebRepositorySource } from "../repository/repository.ts";
import { toyRepository } from "../resolver/toy-repository.ts";
import { inputDifferences, inputsDigest, lockInputs, type LockInputsOptions, requireFresh } from "./lock-inputs.ts";

const { source } = toyRepository([]);
const deb = (changes: Partial<DebRepositorySource> = {}): DebRepositorySource => {
  if (source.kind !== "deb") throw new Error("the toy repository is one with an address");
  return { ...source, ...changes };
};

function inputs(changes: Partial<LockInputsOptions> = {}) {
  return lockInputs({
    providerId: "debian-debian13-x86_64",
    requests: [
      { text: "nginx", origin: "systemConfig.packages[0]" },
      { text: "linux-image-amd64", versionPrefix: "6.12", origin: "systemConfig.kernel.packages[0]" },
    ],
    exclude: ["nano"],
    toolPackages: ["mtools"],
    sources: [deb()],
    baseDirectory: "/srv",
    ...changes,
  });
}
const request = (text: string, versionPrefix?: string) => ({
  text,
  origin: "systemConfig.packages[9]",
  ...(versionPrefix === undefined ? {} : { versionPrefix }),
});

describe("inputDifferences()", () => {
  it("finds none in another order, from another place of the template, or through a mirror", () => {
    const kernel = { ...request("linux-image-amd64", "6.12"), position: { file: "a.yml", line: 1, column: 1 } };
    const now = inputs({
      requests: [kernel, request("nginx"), request("nginx")],
      sources: [
        deb({ url: "http://other.example/debian", keys: [{ file: "k", fingerprints: [] }], foreignKeys: true }),
      ],
    });
    expect(inputDifferences(inputs(), now)).toEqual([]);
    expect(inputsDigest(now)).toBe(inputsDigest(inputs()));
  });

  it.each<[Partial<LockInputsOptions>, string[]]>([
    [
      { requests: [request("linux-image-amd64", "6.12"), request("vim")] },
      ['the template asks for "vim", the lock does not', 'the lock asks for "nginx", the template does not'],
    ],
    [
      { requests: [request("linux-image-amd64"), request("nginx")] },
      [
        'the template asks for "linux-image-amd64", the lock does not',
        'the lock asks for "linux-image-amd64 (version 6.12)", the template does not',
      ],
    ],
    [{ exclude: [] }, ['the lock excludes "nano", the template does not']],
    [{ toolPackages: ["mtools", "xorriso"] }, ['the tool root needs "xorriso", the lock lacks it']],
    [{ providerId: "x" }, ["the target is x, the lock is for debian-debian13-x86_64"]],
    [{ sources: [] }, ['the repository "toy/stable" of the lock is used no longer']],
    [
      { sources: [deb({ canonicalUrl: "https://user:secret@new.example/debian" })] },
      ['address of the repository "toy/stable": https://new.example/debian, in the lock http://toy.example/debian'],
    ],
    [
      { sources: [deb({ components: ["main", "contrib"] })] },
      ['components of the repository "toy/stable": main contrib, in the lock main'],
    ],
    [{ sources: [deb({ priority: 990 })] }, ['priority of the repository "toy/stable": 990, in the lock 500']],
    [
      { sources: [deb({ allowPackages: ["b*", "a*"] })] },
      ['allowPackages of the repository "toy/stable": a* b*, in the lock nothing'],
    ],
    [{ sources: [deb({ gpgCheck: false })] }, ['signature check of the repository "toy/stable": off, in the lock on']],
  ])("says it in words: %#", (changes, words) => {
    const now = inputs(changes);
    expect(inputDifferences(inputs(), now)).toEqual(words);
    expect(inputsDigest(now)).not.toBe(inputsDigest(inputs()));
  });

  it("sees that repositories changed places", () => {
    const sources = [deb(), deb({ id: "b" })];
    expect(inputDifferences(inputs({ sources }), inputs({ sources: sources.toReversed() }))).toEqual([
      "the repositories come in another order: b, toy/stable",
    ]);
  });
});

describe("requireFresh()", () => {
  it("refuses a stale lock with all differences", () => {
    expect(() => requireFresh("edge.lock.json", inputs(), inputs())).not.toThrow();
    expect(() => requireFresh("edge.lock.json", inputs(), inputs({ exclude: [], requests: [] }))).toThrow(
      expect.objectContaining({
        code: "LOCK_STALE",
        details: expect.arrayContaining([
          expect.stringContaining("nano"),
          expect.stringContaining("nginx"),
        ]) as string[],
      }),
    );
  });
});
