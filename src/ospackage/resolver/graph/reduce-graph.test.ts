import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerGraph } from "./layer-graph.ts";
import { placeLayers } from "./place-layers.ts";
import { type Edge, reduceGraph, successorsOf } from "./reduce-graph.ts";

const NODES = 9;
const node = fc.nat({ max: NODES - 1 });
const graph = fc.uniqueArray(fc.tuple(node, node), { maxLength: 24, selector: String });

function reach(edges: readonly Edge[], from: number): ReadonlySet<number> {
  const successors = successorsOf(NODES, edges);
  const reached = new Set([from]);
  for (const next of reached) for (const after of successors[next] ?? []) reached.add(after);
  return reached;
}

describe("reduceGraph()", () => {
  it("reaches the same with edges of which none can be left out", () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const reduced = reduceGraph(NODES, edges);
        const kept = [...reduced.edges, ...reduced.inner];
        for (let from = 0; from < NODES; from += 1) expect(reach(kept, from)).toEqual(reach(edges, from));
        for (const edge of reduced.edges) {
          const rest = kept.filter((other) => other !== edge);
          expect(reach(rest, edge[0]).has(edge[1])).toBe(false);
        }
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

describe("layerGraph() and placeLayers()", () => {
  it("lead every edge through all layers between its ends, without overlap", () => {
    fc.assert(
      fc.property(graph, (edges) => {
        const reduced = reduceGraph(NODES, edges);
        const layered = layerGraph(reduced);
        for (const [at, route] of layered.routes.entries()) {
          expect([route[0], route.at(-1)]).toEqual(reduced.edges[at]);
          const layers = route.map((slot) => layered.slots[slot]?.layer ?? 0);
          for (const [step, layer] of layers.slice(1).entries()) expect(layer).toBe((layers[step] ?? 0) + 1);
        }
        expect(layered.layers.flat().sort((a, b) => a - b)).toEqual(layered.slots.map((_, slot) => slot));
        const centres = placeLayers(layered, () => 10);
        for (const layer of layered.layers) {
          for (const [at, slot] of layer.slice(1).entries()) {
            expect((centres[slot] ?? 0) - (centres[layer[at] ?? 0] ?? 0)).toBeGreaterThanOrEqual(10 - 1e-9);
          }
        }
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});
