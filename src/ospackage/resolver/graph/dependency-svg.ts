import { formatSize } from "../../../core/index.ts";
import type { Lock } from "../../lock/lock.ts";
import {
  dependencyGraph,
  type DependencyGraphOptions,
  type GraphNode,
  type PackageOrigin,
} from "./dependency-graph.ts";
import { layerGraph } from "./layer-graph.ts";
import { placeLayers } from "./place-layers.ts";
import { type Edge, reduceGraph } from "./reduce-graph.ts";

const MARGIN = 16;
const HEAD_HEIGHT = 44;
const CHARACTER_WIDTH = 6.7;
const BOX_PADDING = 6;
const BOX_HEIGHT = 18;
const BOX_PITCH = 24;
const PASSING_PITCH = 7;
const LAYER_GAP = 64;

const COLOURS: Readonly<Record<PackageOrigin, readonly [colour: string, words: string]>> = {
  requested: ["#b7e4b0", "asked for"],
  kernel: ["#ffb38a", "kernel"],
  essential: ["#b3d4f0", "essential"],
  needed: ["#ffffff", "needed by others"],
};

/**
 * The dependency graph of the locked packages as a picture: what is needed is to the right of what needs it.
 *
 * Needs that follow from others are left out. The same packages give the same bytes.
 * @see https://www.w3.org/TR/SVG2/
 */
export function dependencySvg(lock: Pick<Lock, "packages">, options: DependencyGraphOptions): string {
  const graph = dependencyGraph(lock, options);
  const indexes = new Map(graph.map(({ package: { name } }, at) => [name, at]));
  const edges = graph.flatMap(({ needs }, from) =>
    needs.flatMap((need): Edge[] => {
      const to = indexes.get(need);
      return to === undefined ? [] : [[from, to]];
    }),
  );
  const reduced = reduceGraph(graph.length, edges);
  const layered = layerGraph(reduced);
  const centres = placeLayers(layered, (slot) => (layered.slots[slot]?.node === undefined ? PASSING_PITCH : BOX_PITCH));
  const widths = graph.map(({ package: { name } }) => [...name].length * CHARACTER_WIDTH + 2 * BOX_PADDING);
  const columns = columnsOf(
    layered.layers.map((layer) => Math.max(0, ...layer.map((slot) => widths[layered.slots[slot]?.node ?? -1] ?? 0))),
  );
  const boxOf = (node: number) => {
    const left = columns.lefts[layered.slots[node]?.layer ?? 0] ?? 0;
    return { left, right: left + (widths[node] ?? 0), middle: MARGIN + HEAD_HEIGHT + (centres[node] ?? 0) };
  };

  const routes = layered.routes.map((route) => {
    const points = route.flatMap((slot, at): readonly Point[] => {
      const { node, layer } = layered.slots[slot] ?? { node: undefined, layer: 0 };
      if (node !== undefined) {
        const { left, right, middle } = boxOf(node);
        return [[at === 0 ? right : left, middle]];
      }
      const left = columns.lefts[layer] ?? 0;
      const y = MARGIN + HEAD_HEIGHT + (centres[slot] ?? 0);
      return [
        [left, y],
        [left + (columns.widths[layer] ?? 0), y],
      ];
    });
    return `<path d="${curve(points)}"/>`;
  });
  const arcs = reduced.inner.map(([from, to]) => {
    const [start, end] = [boxOf(from), boxOf(to)];
    const out = Math.max(start.right, end.right) + LAYER_GAP / 3;
    return `<path class="circle" d="M${start.right} ${start.middle}C${out} ${start.middle} ${out} ${end.middle} ${end.right} ${end.middle}"/>`.replaceAll(
      /-?\d+\.\d+/g,
      rounded,
    );
  });
  const boxes = graph.map((node, at) => box(node, boxOf(at).left, boxOf(at).middle));
  const lowest = Math.max(0, ...graph.map((_, at) => boxOf(at).middle));
  const width = Math.ceil(Math.max(columns.right, LEGEND_WIDTH) + MARGIN);
  const height = Math.ceil(lowest + BOX_PITCH / 2 + MARGIN);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="11">`,
    "<style>path{fill:none;stroke:#888;stroke-width:.8;marker-end:url(#to)}.circle{stroke:#c33;stroke-dasharray:3 2}rect{stroke:#555;stroke-width:.7}</style>",
    '<defs><marker id="to" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" style="fill:#888;stroke:none"/></marker></defs>',
    `<rect width="${width}" height="${height}" style="fill:#fff;stroke:none"/>`,
    ...legend(graph),
    ...routes,
    ...arcs,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}

function columnsOf(widths: readonly number[]) {
  let right = MARGIN;
  const lefts = widths.map((width, at) => {
    const left = right + (at === 0 ? 0 : LAYER_GAP);
    right = left + width;
    return left;
  });
  return { lefts, widths, right };
}

type Point = readonly [x: number, y: number];

/** A line through points that is level at each of them. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let [x, y] = first;
  const parts = rest.map(([nextX, nextY]) => {
    const half = (x + nextX) / 2;
    const part =
      y === nextY
        ? `H${rounded(nextX)}`
        : `C${rounded(half)} ${rounded(y)} ${rounded(half)} ${rounded(nextY)} ${rounded(nextX)} ${rounded(nextY)}`;
    [x, y] = [nextX, nextY];
    return part;
  });
  return `M${rounded(first[0])} ${rounded(first[1])}${parts.join("")}`;
}

function box({ package: locked, origin }: GraphNode, left: number, middle: number): string {
  const { name, version, sizeBytes, installedSizeBytes } = locked;
  const width = [...name].length * CHARACTER_WIDTH + 2 * BOX_PADDING;
  const title = `${name} ${version}: ${formatSize(sizeBytes)} to download, ${formatSize(installedSizeBytes)} installed`;
  return `<g><title>${escape(title)}</title><rect x="${rounded(left)}" y="${rounded(middle - BOX_HEIGHT / 2)}" width="${rounded(width)}" height="${BOX_HEIGHT}" rx="3" fill="${COLOURS[origin][0]}"/><text x="${rounded(left + BOX_PADDING)}" y="${rounded(middle + 4)}">${escape(name)}</text></g>`;
}

const LEGEND_PITCH = 150;
const LEGEND_WIDTH = 4 * LEGEND_PITCH;

function legend(graph: readonly GraphNode[]): readonly string[] {
  const entries = Object.entries(COLOURS).map(([origin, [colour, words]], at) => {
    const x = MARGIN + at * LEGEND_PITCH;
    const count = graph.filter((node) => node.origin === origin).length;
    return `<rect x="${x}" y="${MARGIN}" width="12" height="12" fill="${colour}"/><text x="${x + 18}" y="${MARGIN + 10}">${words}: ${count}</text>`;
  });
  return [
    ...entries,
    `<text x="${MARGIN}" y="${MARGIN + 28}" fill="#555">needs that follow from others are left out; dashed: packages that need each other</text>`,
  ];
}

function rounded(value: number | string): string {
  return String(Math.round(Number(value) * 10) / 10);
}

/** Control characters have no form in XML 1.0. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
