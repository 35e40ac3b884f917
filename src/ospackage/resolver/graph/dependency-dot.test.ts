import { describe, expect, it } from "vitest";
import { createLock } from "../../lock/create-lock.ts";
import { dependencyDot } from "./dependency-dot.ts";
import { resolveDeb } from "../resolve-deb.ts";
import { toyRepository } from "../toy-repository.ts";

const repositories = [
  toyRepository([
    ["base 1", { essential: true, preDepends: "libc" }],
    ["libc 1"],
    ["web 1", { depends: "server, libc" }],
    ["server 1"],
    ["linux-image-amd64 6"],
  ]),
];
const resolution = resolveDeb({
  repositories,
  architecture: "amd64",
  requests: ["web", "linux-image-amd64"].map((text) => ({ text, origin: "test" })),
  includeEssential: true,
});
const lock = createLock({
  providerId: "toy-toy1-x86_64",
  repositories,
  resolution,
  toolResolution: { packages: [], edges: [] },
});

describe("dependencyDot()", () => {
  it("draws packages and what they need, coloured by what brought them in", () => {
    expect(dependencyDot(lock, { systemPackagesOnly: false })).toBe(`digraph G {
  rankdir=LR;
  node [shape=box];
  "base" [style=filled, fillcolor=lightblue];
  "libc";
  "linux-image-amd64" [style=filled, fillcolor=lightsalmon];
  "server";
  "web" [style=filled, fillcolor=lightgreen];
  "base" -> "libc";
  "web" -> "libc";
  "web" -> "server";
}
`);
  });

  it("leaves out what only the essential packages need", () => {
    const text = dependencyDot(lock, { systemPackagesOnly: true });
    expect(text).not.toContain('"base"');
    expect(text).toContain('"web" -> "libc"');
  });

  it("quotes names that a forged lock may have", () => {
    const [first] = lock.packages;
    if (first === undefined) throw new Error("the lock is empty");
    const forged = { packages: [{ ...first, name: 'a"; evil="\\' }] };
    expect(dependencyDot(forged, { systemPackagesOnly: false })).toContain('"a\\"; evil=\\"\\\\"');
  });
});
