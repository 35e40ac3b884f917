import { compareCodeUnits } from "../../core/index.ts";

/** A package and the packages that it needs, by name. */
export interface OrderedPackage {
  readonly name: string;
  readonly dependsOn: readonly string[];
  /** Needed in working order before this one is even unpacked. */
  readonly preDependsOn: readonly string[];
}

/**
 * Names in an order in which they can be installed: what a package needs comes before it.
 *
 * Where packages need each other in a circle, pre-dependencies (and what those need) are put first as far as the
 * circle allows. The same set gives the same order, however it is sorted.
 * @see Tarjan, "Depth-First Search and Linear Graph Algorithms", SIAM J. Comput. 1972
 */
export function installationOrder(packages: readonly OrderedPackage[]): readonly string[] {
  const graph = new Map(
    packages.toSorted((a, b) => compareCodeUnits(a.name, b.name)).map((node) => [node.name, node] as const),
  );
  return components(graph).flatMap((component) => orderCircle(component, graph));
}

type Graph = ReadonlyMap<string, OrderedPackage>;

/** Strongly connected components, each after those that it needs; iterative, since chains are longer than the call stack. */
function components(graph: Graph): readonly (readonly string[])[] {
  const indexes = new Map<string, number>();
  const lowLinks = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];

  for (const root of graph.keys()) {
    if (indexes.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.needs.next();
      if (next.done !== true) {
        if (!indexes.has(next.value)) path.push(enter(next.value));
        else if (isOpen.has(next.value)) lower(top.name, indexes.get(next.value));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.name, lowLinks.get(top.name));
      if (lowLinks.get(top.name) === indexes.get(top.name)) found.push(close(top.name));
    }
  }
  return found;

  function enter(name: string) {
    indexes.set(name, indexes.size);
    lowLinks.set(name, indexes.size - 1);
    open.push(name);
    isOpen.add(name);
    return { name, needs: needsOf(name, graph).values() };
  }

  function lower(name: string, index = Number.POSITIVE_INFINITY): void {
    lowLinks.set(name, Math.min(lowLinks.get(name) ?? index, index));
  }

  function close(name: string): string[] {
    const members = open.splice(open.lastIndexOf(name));
    for (const member of members) isOpen.delete(member);
    return members;
  }
}

function needsOf(name: string, graph: Graph): readonly string[] {
  const node = graph.get(name);
  const needs = [...(node?.preDependsOn ?? []), ...(node?.dependsOn ?? [])];
  return [...new Set(needs)].filter((need) => need !== name && graph.has(need)).sort(compareCodeUnits);
}

/** Takes, one after the other, the member that lacks the least: pre-dependencies, then what those need, then dependencies. */
function orderCircle(component: readonly string[], graph: Graph): readonly string[] {
  const waiting = new Set(component.toSorted(compareCodeUnits));
  const members = new Set(component);
  const order: string[] = [];
  while (waiting.size > 0) {
    let next: { readonly name: string; readonly lack: readonly number[] } | undefined;
    for (const name of waiting) {
      const lack = lackOf(name, { members, waiting, graph });
      if (next === undefined || compareNumbers(lack, next.lack) < 0) next = { name, lack };
    }
    if (next === undefined) break;
    order.push(next.name);
    waiting.delete(next.name);
  }
  return order;
}

interface Circle {
  readonly members: ReadonlySet<string>;
  readonly waiting: ReadonlySet<string>;
  readonly graph: Graph;
}

function lackOf(name: string, { members, waiting, graph }: Circle): readonly number[] {
  const isLacking = (need: string) => need !== name && waiting.has(need);
  const isOther = (need: string) => need !== name && members.has(need);
  const preDependencies = new Set(graph.get(name)?.preDependsOn.filter(isOther));
  const closure = new Set(preDependencies);
  // The set grows while it is walked: it becomes everything that the pre-dependencies need, placed already or not.
  for (const member of closure) {
    for (const need of needsOf(member, graph).filter(isOther)) closure.add(need);
  }
  const count = (needs: Iterable<string>) => [...needs].filter(isLacking).length;
  return [count(preDependencies), count(closure), count(needsOf(name, graph))];
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  return a.map((value, at) => value - (b[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
