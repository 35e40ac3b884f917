import type { ReducedGraph } from "./reduce-graph.ts";

/** A node, or a place where an edge passes through a layer. */
export interface Slot {
  /** Undefined for an edge that passes. */
  readonly node: number | undefined;
  readonly layer: number;
}

/** Slots and the links between those of neighbouring layers. */
export interface LayeredGraph {
  readonly slots: readonly Slot[];
  /** Slot numbers of each layer, from top to bottom. */
  readonly layers: readonly (readonly number[])[];
  /** For each edge of the reduced graph, the slots that it goes through, ends included. */
  readonly routes: readonly (readonly number[])[];
  /** Slots of the layer before and of the layer after that each slot is linked with. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

const SWEEPS = 12;

/**
 * Distributes a graph over layers so that all edges lead to a later one, and orders each layer to have few crossings.
 *
 * Layers by the longest path, then nodes as near as possible to what needs them less; order by barycentres.
 * @see Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981
 */
export function layerGraph({ circles, edges }: ReducedGraph): LayeredGraph {
  const layerOf = assignLayers(circles, edges);
  const slots: Slot[] = circles.map((_, node) => ({ node, layer: layerOf[node] ?? 0 }));
  const before: number[][] = slots.map(() => []);
  const after: number[][] = slots.map(() => []);
  const routes = edges.map(([from, to]) => {
    const route = [from];
    for (let layer = (layerOf[from] ?? 0) + 1; layer < (layerOf[to] ?? 0); layer += 1) {
      route.push(slots.push({ node: undefined, layer }) - 1);
      before.push([]);
      after.push([]);
    }
    route.push(to);
    for (const [at, slot] of route.slice(1).entries()) {
      const previous = route[at] ?? from;
      after[previous]?.push(slot);
      before[slot]?.push(previous);
    }
    return route;
  });
  const layers: number[][] = [];
  for (const [slot, { layer }] of slots.entries()) (layers[layer] ??= []).push(slot);
  return {
    slots,
    layers: orderLayers(
      Array.from(layers, (layer) => layer ?? []),
      before,
      after,
    ),
    routes,
    before,
    after,
  };
}

function assignLayers(circles: readonly number[], edges: ReducedGraph["edges"]): readonly number[] {
  const circleOf = (node: number): number => circles[node] ?? node;
  const pairs = edges.map(([from, to]) => [circleOf(from), circleOf(to)] as const);
  const incoming = Map.groupBy(pairs, ([, to]) => to);
  const outgoing = Map.groupBy(pairs, ([from]) => from);
  const layers = new Map<number, number>();
  const waiting = new Map([...new Set(circles)].map((circle) => [circle, incoming.get(circle)?.length ?? 0]));
  const order = [...waiting].flatMap(([circle, count]) => (count === 0 ? [circle] : []));
  // The list grows while it is walked: a circle comes once all that need it have come.
  for (const circle of order) {
    const own = layers.get(circle) ?? 0;
    layers.set(circle, own);
    for (const [, to] of outgoing.get(circle) ?? []) {
      layers.set(to, Math.max(layers.get(to) ?? 0, own + 1));
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) order.push(to);
    }
  }
  for (const circle of order.toReversed()) {
    const needs = outgoing.get(circle) ?? [];
    if (needs.length <= (incoming.get(circle)?.length ?? 0)) continue;
    layers.set(circle, Math.min(...needs.map(([, to]) => layers.get(to) ?? 0)) - 1);
  }
  return circles.map((circle) => layers.get(circle) ?? 0);
}

function orderLayers(
  layers: readonly (readonly number[])[],
  before: readonly (readonly number[])[],
  after: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  let ordered = layers;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const positions = new Map<number, number>();
    const sweepLayer = (layer: readonly number[]): readonly number[] => {
      const sorted = sortByBarycentre(layer, isForward ? before : after, positions);
      for (const [at, slot] of sorted.entries()) positions.set(slot, (at + 0.5) / sorted.length);
      return sorted;
    };
    ordered = isForward ? ordered.map(sweepLayer) : ordered.toReversed().map(sweepLayer).toReversed();
  }
  return ordered;
}

/** Slots without neighbours stay where they are among the others. */
function sortByBarycentre(
  layer: readonly number[],
  neighbours: readonly (readonly number[])[],
  positions: ReadonlyMap<number, number>,
): readonly number[] {
  const keys = new Map(
    layer.map((slot, at) => {
      const places = (neighbours[slot] ?? []).map((other) => positions.get(other) ?? 0);
      return [slot, places.length === 0 ? (at + 0.5) / layer.length : mean(places)] as const;
    }),
  );
  return layer.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
