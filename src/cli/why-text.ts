import { formatSize } from "../core/index.ts";
import {
  type Chain,
  type ChainLink,
  type LineSaving,
  type PackageFacts,
  renderTree,
  requestLabel,
  requestWithPlace,
  type Savings,
  type TreeNode,
  type WhyAnswer,
} from "../ospackage/index.ts";

/** Requests whose chains are shown, unless all are. */
const MAX_REQUESTS = 10;

/** How a package came in, for people: for each request a tree of the shortest ways from it. */
export function whyText({ package: found, chains, count }: WhyAnswer, subject: string, isComplete: boolean): string {
  const groups = [...Map.groupBy(chains, ({ request, first }) => `${requestWithPlace(request)}: ${label(first)}`)];
  const shown = isComplete ? groups : groups.slice(0, MAX_REQUESTS);
  const shownChains = shown.reduce((sum, [, group]) => sum + group.length, 0);
  const left = count - shownChains;
  return [
    `${label(found)} is in ${subject}: ${sizes(found)}`,
    ...shown.flatMap(([title, group]) => ["", ...renderTree([{ text: title, children: mergeChains(group) }])]),
    ...(left > 0
      ? ["", `… and ${left} more ${left === 1 ? "chain" : "chains"}${isComplete ? "" : "; --all shows them"}`]
      : []),
  ].join("\n");
}

/** Chains of one request as a tree: what they have in common at their beginning is shown once. */
function mergeChains(chains: readonly Chain[]): readonly TreeNode[] {
  return mergeLinks(chains.map(({ links }) => links));
}

function mergeLinks(chains: readonly (readonly ChainLink[])[]): readonly TreeNode[] {
  const groups = Map.groupBy(
    chains.filter(({ length }) => length > 0),
    ([first]) => (first === undefined ? "" : linkText(first)),
  );
  return [...groups].map(([text, group]) => ({ text, children: mergeLinks(group.map((links) => links.slice(1))) }));
}

function linkText({ verb, requirement, filledAs, package: found }: ChainLink): string {
  const role = filledAs === undefined || filledAs === requirement ? "" : ` as ${filledAs}`;
  return `${verb} ${requirement}: ${label(found)}${role}`;
}

function label({ name, version }: PackageFacts): string {
  return `${name} ${version}`;
}

function counted(packages: number): string {
  return packages === 1 ? "1 package" : `${packages} packages`;
}

interface Sizes {
  readonly sizeBytes: number;
  readonly installedSizeBytes: number;
}

function sizes({ sizeBytes, installedSizeBytes }: Sizes): string {
  return `${formatSize(sizeBytes)} to download, ${formatSize(installedSizeBytes)} installed`;
}

/** What removing lines would save, as a table. */
export function savingsText({ total, base, lines }: Savings, name: string | undefined): string {
  const about = name === undefined ? "" : ` that brings in ${name}`;
  const rows = lines.map((line) => [
    signed(-line.packages, String),
    signed(-line.sizeBytes, formatSize),
    signed(-line.installedSizeBytes, formatSize),
    `${requestWithPlace(line.request)}${reasonText(line)}`,
  ]);
  const title = `What removing one line${about} would save, of ${counted(total.packages)} (${sizes(total)}):`;
  const baseText =
    base.packages === 0 ? [] : [`Without any line there would be ${counted(base.packages)} (${sizes(base)}).`];
  if (rows.length === 0) {
    const state =
      name === undefined ? "No line of the template asks for packages." : `No line of the template brings in ${name}.`;
    return [state, ...baseText].join("\n");
  }
  return [title, "", ...table(["packages", "download", "installed", "line"], rows), "", ...baseText]
    .join("\n")
    .trimEnd();
}

/** Why a line saves nothing, or what comes in the place of what goes. */
function reasonText({ keptBy, added, changed }: LineSaving): string {
  const others = [...added, ...changed.map(({ to }) => to)].map(({ name }) => name);
  const named = `${others.slice(0, MAX_OTHERS).join(", ")}${others.length > MAX_OTHERS ? ", …" : ""}`;
  const reasons = [
    ...(keptBy === undefined ? [] : [keptText(keptBy)]),
    ...(others.length === 0 ? [] : [`${named} instead`]),
  ];
  return reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
}

const MAX_OTHERS = 3;

function keptText({ request, first, links }: Chain): string {
  const last = links.at(-1);
  if (last === undefined) return `kept, since it is also ${requestLabel(request)}`;
  const needing = links.at(-2)?.package ?? first;
  return `kept, since ${needing.name} ${last.verb} ${last.requirement}`;
}

/** A saving; what costs more without the line has a sign. */
function signed(amount: number, format: (amount: number) => string): string {
  return amount < 0 ? `-${format(-amount)}` : format(amount);
}

/** Columns of numbers are aligned at their right, the last one at its left. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padStart(widths[at] ?? 0))).join("  "),
  );
}
