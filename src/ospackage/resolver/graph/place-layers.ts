import { type LayeredGraph, mean } from "./layer-graph.ts";

const SWEEPS = 10;

/**
 * The vertical centre of each slot: in the order of its layer, without overlap, as near as possible to its neighbours.
 *
 * @param heightOf of a slot, its distance from others included
 */
export function placeLayers(graph: LayeredGraph, heightOf: (slot: number) => number): readonly number[] {
  const centres: number[] = graph.slots.map(() => 0);
  for (const layer of graph.layers) {
    const total = layer.reduce((sum, slot) => sum + heightOf(slot), 0);
    place(
      layer,
      layer.map(() => 0),
      -total / 2,
    );
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? graph.layers : graph.layers.toReversed()) {
      const neighbours = isForward ? graph.before : graph.after;
      settle(
        layer,
        layer.map((slot) => {
          const places = (neighbours[slot] ?? []).map((other) => centres[other] ?? 0);
          return places.length === 0 ? (centres[slot] ?? 0) : mean(places);
        }),
      );
    }
  }
  const top = Math.min(...centres.map((centre, slot) => centre - heightOf(slot) / 2));
  return centres.map((centre) => centre - (Number.isFinite(top) ? top : 0));

  /** Halfway between pushing all slots down to where there is room, and pushing them up. */
  function settle(layer: readonly number[], wanted: readonly number[]): void {
    const down = pushed(layer, wanted);
    const up = pushed(
      layer.toReversed(),
      wanted.toReversed().map((centre) => -centre),
    ).toReversed();
    place(
      layer,
      down.map((centre, at) => (centre - (up[at] ?? -centre)) / 2),
      undefined,
    );
  }

  function pushed(layer: readonly number[], wanted: readonly number[]): readonly number[] {
    let floor = Number.NEGATIVE_INFINITY;
    return layer.map((slot, at) => {
      const half = heightOf(slot) / 2;
      const centre = Math.max(wanted[at] ?? 0, floor + half);
      floor = centre + half;
      return centre;
    });
  }

  function place(layer: readonly number[], wanted: readonly number[], from: number | undefined): void {
    let floor = from ?? Number.NEGATIVE_INFINITY;
    for (const [at, slot] of layer.entries()) {
      const half = heightOf(slot) / 2;
      const centre = from === undefined ? (wanted[at] ?? 0) : floor + half;
      centres[slot] = centre;
      floor = centre + half;
    }
  }
}
