import { formatSize } from "../core/index.ts";
import type { PackageFacts, SolutionDifference, WhyNotAnswer, WhyNotVerdict } from "../ospackage/index.ts";

/** Packages that a list names. */
const MAX_NAMES = 30;

const VERDICTS: Readonly<Record<WhyNotVerdict, string>> = {
  installed: "",
  unknown: "it is unknown",
  "kept-out": "it is kept out",
  "other-versions": "there are only other versions",
  conflicts: "it does not fit beside the rest",
  "other-chosen": "another version was chosen",
  "not-requested": "nothing asks for it",
};

/**
 * What keeps a package out, for people.
 *
 * @param whyCommand the command that explains what is there
 */
export function whyNotText(answer: WhyNotAnswer, subject: string, whyCommand: string): string {
  const { asked, verdict, installed, reasons, details, available, effect, hint } = answer;
  if (verdict === "installed") {
    const name = installed?.name ?? asked;
    const lines = [
      `${asked} is in ${subject}: ${installed === undefined ? asked : label(installed)}`,
      ...bullets(reasons),
    ];
    return [...lines, `hint: "${whyCommand} ${name}" shows how it came in`].join("\n");
  }
  const blocks: readonly (readonly string[])[] = [
    [`${asked} is not in ${subject}: ${VERDICTS[verdict]}`, ...bullets(reasons)],
    installed === undefined || verdict === "other-chosen" ? [] : [`In ${subject}: ${label(installed)}`],
    verdict === "other-versions" ? ["Available:", ...bullets(available)] : [],
    details,
    effect === undefined ? [] : effectLines(asked, effect),
    hint === undefined ? [] : [`hint: ${hint}`],
  ];
  return blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function effectLines(asked: string, { added, removed, changed, ...sums }: SolutionDifference): readonly string[] {
  const count = `${sums.packages < 0 ? "" : "+"}${sums.packages} ${Math.abs(sums.packages) === 1 ? "package" : "packages"}`;
  return [
    `With ${asked}: ${count}, ${signedSize(sums.sizeBytes)} to download, ${signedSize(sums.installedSizeBytes)} installed`,
    ...named("+", added.map(label)),
    ...named("-", removed.map(label)),
    ...named(
      "~",
      changed.map(({ from, to }) => `${from.name} ${from.version} → ${to.version}`),
    ),
  ];
}

function named(sign: string, names: readonly string[]): readonly string[] {
  const more = names.length - MAX_NAMES;
  return [
    ...names.slice(0, MAX_NAMES).map((name) => `  ${sign} ${name}`),
    ...(more > 0 ? [`  ${sign} … and ${more} more`] : []),
  ];
}

function bullets(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `- ${text}`);
}

function label({ name, version }: PackageFacts): string {
  return `${name} ${version}`;
}

function signedSize(bytes: number): string {
  return bytes < 0 ? `-${formatSize(-bytes)}` : `+${formatSize(bytes)}`;
}
