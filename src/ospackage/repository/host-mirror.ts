import path from "node:path";
import { isComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { parseStanzas } from "../deb/index.ts";

/** A package source of the host's own apt. */
export interface HostMirror {
  /** Without "/" at the end. */
  readonly url: string;
  readonly suites: readonly string[];
}

const APT_DIRECTORY = "/etc/apt";

/** The enabled binary package sources of this host, in apt's order; what cannot be read or understood is left out. */
export async function readHostMirrors({ files }: Pick<Host, "files">): Promise<readonly HostMirror[]> {
  const parts = path.join(APT_DIRECTORY, "sources.list.d");
  const names = (await files.list(parts)).filter((name) => /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name));
  const candidates = [path.join(APT_DIRECTORY, "sources.list"), ...names.map((name) => path.join(parts, name))];
  const mirrors: HostMirror[] = [];
  for (const file of candidates) {
    if (!(await files.exists(file)) || !(await files.isReadable(file))) continue;
    const text = await files.readText(file);
    mirrors.push(...(file.endsWith(".sources") ? parseDeb822Sources(text) : parseOneLineSources(text)));
  }
  return mirrors;
}

/** Entries of a file of one-line sources: `deb [option=value …] URI suite component …`. @see sources.list(5) */
export function parseOneLineSources(text: string): readonly HostMirror[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)/.exec(line.replace(/#.*$/, ""));
    const [, uri, suite] = match ?? [];
    return uri === undefined || suite === undefined ? [] : mirrorsOf([uri], [suite]);
  });
}

/** Entries of a file of sources in deb822 form. @see sources.list(5) */
export function parseDeb822Sources(text: string): readonly HostMirror[] {
  try {
    return parseStanzas(text).flatMap((stanza) => {
      const words = (field: string): string[] => (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
      const isEnabled = !["no", "false", "0"].includes((stanza.get("Enabled") ?? "yes").toLowerCase());
      return isEnabled && words("Types").includes("deb") ? mirrorsOf(words("URIs"), words("Suites")) : [];
    });
  } catch (error) {
    // The host's own apt complains about such a file; here only the mirrors in it are missed.
    if (isComposerError(error)) return [];
    throw error;
  }
}

function mirrorsOf(uris: readonly string[], suites: readonly string[]): HostMirror[] {
  return uris
    .filter((uri) => /^(https?|file):/.test(uri) && URL.canParse(uri))
    .map((uri) => ({ url: uri.replace(/\/+$/, ""), suites }));
}

/** Suites that the same mirror has, as a rule: those of one distribution. */
const FAMILIES: readonly RegExp[] = [
  /^(?:bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)$/,
  /^(?:focal|jammy|noble|oracular|plucky|questing)$/,
];

/**
 * The host's mirror of the archive that has `suite`: one that names it, else one that names another suite of the same
 * distribution and kind (archive or security).
 *
 * @param suite for example `trixie`, `trixie-updates`, `trixie-security`
 */
export function hostMirrorFor(mirrors: readonly HostMirror[], suite: string): string | undefined {
  const exact = mirrors.find(({ suites }) => suites.includes(suite));
  if (exact !== undefined) return exact.url;
  const family = FAMILIES.find((names) => names.test(releaseOf(suite)));
  const isAlike = (other: string): boolean =>
    family?.test(releaseOf(other)) === true && isSecurity(other) === isSecurity(suite);
  return mirrors.find(({ suites }) => suites.some(isAlike))?.url;
}

function releaseOf(suite: string): string {
  return suite.replace(/[-/].*$/, "");
}

function isSecurity(suite: string): boolean {
  return /[-/]security$|\/updates$/.test(suite);
}
