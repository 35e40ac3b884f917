import { ComposerError, type EventSink, mirrorListUrl, redactUrl } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import { type Checksum, isSafeBaseUrl, parseMetalink } from "../rpm/index.ts";
import { fetchBytes } from "./fetch.ts";

/** One of several places with the same content. */
export interface Mirror {
  /** Address of the repository there. */
  readonly url: string;
  /** Of the versions of repomd.xml that it may have, where its list says that; not empty. */
  readonly repomd?: readonly Checksum[];
}

const MAX_LIST_BYTES = 1024 ** 2;
const MAX_MIRRORS = 200;
const REPOMD_ENDING = /\/repodata\/repomd\.xml$/;

/**
 * Asks a mirror list for the mirrors of a repository, the preferred ones first.
 *
 * Nobody vouches for a list: it says where to ask, and what is fetched there is verified as ever.
 *
 * @param url `mirror+https:`, `mirror+http:` or `mirror+file:`
 * @param options.object what is fetched from the mirrors, for messages: they show no query, and so lists look alike
 * @throws {REPOSITORY_METADATA_INVALID} it is no mirror list, or has no mirror that can be used @throws as `download`
 */
export async function fetchMirrorList(
  host: Pick<Host, "files" | "http" | "clock">,
  url: string,
  { object: wanted, ...options }: { readonly object: string; readonly emit?: EventSink; readonly signal?: AbortSignal },
): Promise<readonly Mirror[]> {
  const address = mirrorListUrl(url);
  const object = `the mirror list "${redactUrl(address)}" for ${wanted}`;
  const fetched = await fetchBytes(host, address, { ...options, object, maxBytes: MAX_LIST_BYTES });
  return parseMirrorList(fetched.kind === "complete" ? fetched.bytes : new Uint8Array(), object);
}

/**
 * Reads a list of addresses, one a line, or a metalink.
 *
 * Only addresses of http and https are taken, each once and of many the first 200; others, for rsync, on a disk or with
 * passwords, are passed over.
 *
 * @param object for messages: `the mirror list "http://…"`
 * @throws {REPOSITORY_METADATA_INVALID}
 */
export function parseMirrorList(bytes: Uint8Array, object: string): readonly Mirror[] {
  const text = Buffer.from(bytes).toString("utf8").trimStart();
  const { urls, repomd } = text.startsWith("<") ? metalinkOf(bytes, text, object) : { urls: lines(text, object) };
  const usable = [...new Set(urls.filter(isUsable).map((url) => url.replace(/\/*$/, "/")))].slice(0, MAX_MIRRORS);
  if (usable.length === 0) {
    throw invalid(
      object,
      urls.length === 0 ? "it names no mirror" : "it names no mirror by a plain http or https address",
    );
  }
  return usable.map((url) => ({ url, ...(repomd === undefined ? {} : { repomd }) }));
}

function metalinkOf(bytes: Uint8Array, text: string, object: string) {
  if (/^<(?:!doctype\s+html|html)\b/i.test(text)) throw invalid(object, "it is a web page");
  const { urls, versions } = parseMetalink(bytes, object);
  return {
    urls: urls.filter((url) => REPOMD_ENDING.test(url)).map((url) => url.replace(REPOMD_ENDING, "/")),
    ...(versions.length === 0 ? {} : { repomd: versions }),
  };
}

function lines(text: string, object: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const entry = line.trim();
    if (entry === "" || entry.startsWith("#")) return [];
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) return [entry];
    // What it says instead is not shown: a template that somebody else wrote may name any file as a list.
    throw invalid(object, `its line ${index + 1} is no address`);
  });
}

function isUsable(url: string): boolean {
  if (!/^https?:\/\//.test(url) || !isSafeBaseUrl(url)) return false;
  const { username, password } = new URL(url);
  return username === "" && password === "";
}

function invalid(object: string, state: string): ComposerError {
  return new ComposerError("REPOSITORY_METADATA_INVALID", `Cannot use ${object}: ${state}`, {
    hint: "It is text with one address a line, or a metalink: open its address in a browser to see what is there",
  });
}
