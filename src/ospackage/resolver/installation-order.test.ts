import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { installationOrder, type OrderedPackage } from "./installation-order.ts";

function node(name: string, dependsOn = "", preDependsOn = ""): OrderedPackage {
  const names = (text: string) => text.split(" ").filter((part) => part !== "");
  return { name, dependsOn: names(dependsOn), preDependsOn: names(preDependsOn) };
}

describe("installationOrder()", () => {
  it("puts what a package needs before it", () => {
    expect(installationOrder([node("a", "b c"), node("b", "d"), node("c", "d"), node("d")])).toEqual([
      "d",
      "b",
      "c",
      "a",
    ]);
  });

  it("ignores names that are not in the set, and a package that needs itself", () => {
    expect(installationOrder([node("a", "a elsewhere")])).toEqual(["a"]);
  });

  it("keeps a circle together, between what it needs and what needs it", () => {
    const order = installationOrder([node("app", "b"), node("b", "c base"), node("c", "b"), node("base")]);
    expect(order).toEqual(["base", "b", "c", "app"]);
  });

  it("puts pre-dependencies first inside a circle", () => {
    expect(installationOrder([node("a", "", "z"), node("z", "y"), node("y", "a")])).toEqual(["y", "z", "a"]);
  });

  it("puts what a pre-dependency needs before the package, where the circle allows it", () => {
    // a pre-depends on z, z needs y; the circle closes only through x.
    const order = installationOrder([node("a", "x", "z"), node("z", "y"), node("y", "x"), node("x", "a")]);
    expect(order.indexOf("z")).toBeLessThan(order.indexOf("a"));
    expect(order.indexOf("y")).toBeLessThan(order.indexOf("a"));
  });

  it("waits for what a pre-dependency needs, also when the pre-dependency itself has its place already", () => {
    // a pre-depends on b, whose needs lead back to a.
    const order = installationOrder([node("a", "", "b"), node("b", "c"), node("c", "d"), node("d", "a")]);
    expect(order.at(-1)).toBe("a");
  });

  it("ends for a circle of pre-dependencies", () => {
    expect(installationOrder([node("a", "", "b"), node("b", "", "a")])).toEqual(["a", "b"]);
  });

  it("orders chains that are longer than the call stack", () => {
    const length = 50_000;
    const chain = Array.from({ length }, (_, at) => node(`p${at}`, at + 1 < length ? `p${at + 1}` : ""));
    expect(installationOrder(chain)[0]).toBe(`p${length - 1}`);
  });

  it("holds every name once, respects all needs without circles, and does not depend on the order of the input", () => {
    const packages = fc.integer({ min: 1, max: 12 }).chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, at) =>
          fc.record({
            name: fc.constant(`p${at}`),
            // Only later ones: no circle.
            dependsOn: fc.subarray(Array.from({ length: size - at - 1 }, (_, next) => `p${at + next + 1}`)),
            preDependsOn: fc.subarray(Array.from({ length: size - at - 1 }, (_, next) => `p${at + next + 1}`)),
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(packages, (nodes) => {
        const order = installationOrder(nodes);
        expect([...order].sort()).toEqual(nodes.map(({ name }) => name).sort());
        for (const { name, dependsOn, preDependsOn } of nodes) {
          for (const need of [...dependsOn, ...preDependsOn])
            expect(order.indexOf(need)).toBeLessThan(order.indexOf(name));
        }
        expect(installationOrder(nodes.toReversed())).toEqual(order);
      }),
      { seed: 4 },
    );
  });
});
