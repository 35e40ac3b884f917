import path from "node:path";
import { isMirrorList, keyOf, redactUrl, sha256 } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { Validators } from "./download.ts";
import type { DebRepositorySource } from "./repository.ts";
import type { SignedMetadata } from "./verify-signature.ts";

/** Signed metadata as it was fetched, and how to ask the server whether it changed. */
export interface KeptMetadata {
  readonly metadata: SignedMetadata;
  readonly validators: Validators;
}

/**
 * Where what is known of a repository is kept: one directory per address and suite, named so that people find it.
 *
 * @param suite `rpm` for repositories that have none
 */
export function metadataDirectory(
  cacheDir: string,
  { url, suite }: Pick<DebRepositorySource, "url" | "suite">,
): string {
  const address = redactUrl(url);
  // There the query says which repository is meant.
  const query = isMirrorList(url) ? [URL.parse(url)?.search ?? ""] : [];
  const readable = `${address.replace(/^[a-z]+:\/+/, "")}_${suite}`.replaceAll(/[^A-Za-z0-9.-]+/g, "_").slice(0, 80);
  return path.join(cacheDir, "repositories", `${readable}-${keyOf([address, suite, ...query]).slice(0, 12)}`);
}

/** One file, so that metadata and its signature can't come from different times. */
const METADATA_FILE = "metadata.json";
const NEWEST_FILE = "newest-date";

interface MetadataRecord {
  readonly sha256: string;
  readonly content: string;
  readonly signature?: string;
  readonly validators: Validators;
}

/** What was kept; undefined when there is nothing or it is damaged. */
export async function readKeptMetadata(
  { files }: Pick<Host, "files">,
  directory: string,
): Promise<KeptMetadata | undefined> {
  const file = path.join(directory, METADATA_FILE);
  if (!(await files.exists(file))) return undefined;
  const record = parseRecord(await files.readText(file));
  if (record === undefined) return undefined;
  const content = Buffer.from(record.content, "base64");
  const signature = record.signature === undefined ? undefined : Buffer.from(record.signature, "base64");
  if (digestOf(content, signature) !== record.sha256) return undefined;
  const metadata: SignedMetadata =
    signature === undefined ? { kind: "cleartext", content } : { kind: "detached", content, signature };
  return { metadata, validators: record.validators };
}

/** Keeps metadata that was verified. */
export async function keepMetadata(
  { files }: Pick<Host, "files">,
  directory: string,
  { metadata, validators }: KeptMetadata,
): Promise<void> {
  const signature = metadata.kind === "detached" ? Buffer.from(metadata.signature) : undefined;
  const record: MetadataRecord = {
    sha256: digestOf(metadata.content, signature),
    content: Buffer.from(metadata.content).toString("base64"),
    ...(signature === undefined ? {} : { signature: signature.toString("base64") }),
    validators,
  };
  await files.makeDirectory(directory);
  await files.writeAtomic(path.join(directory, METADATA_FILE), JSON.stringify(record));
}

/** The newest `Date` that was ever seen here, in seconds since 1970. */
export async function readNewestDate({ files }: Pick<Host, "files">, directory: string): Promise<number | undefined> {
  const file = path.join(directory, NEWEST_FILE);
  if (!(await files.exists(file))) return undefined;
  const text = (await files.readText(file)).trim();
  return /^[0-9]{1,12}$/.test(text) ? Number(text) : undefined;
}

export async function rememberNewestDate(
  { files }: Pick<Host, "files">,
  directory: string,
  dateSeconds: number,
): Promise<void> {
  await files.makeDirectory(directory);
  await files.writeAtomic(path.join(directory, NEWEST_FILE), `${dateSeconds}\n`);
}

function digestOf(content: Uint8Array, signature: Uint8Array | undefined): string {
  return keyOf([sha256(content), signature === undefined ? null : sha256(signature)]);
}

function parseRecord(text: string): MetadataRecord | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(record)) return undefined;
  const { sha256: digest, content, signature, validators } = record;
  if (!isObject(validators)) return undefined;
  if (typeof digest !== "string" || typeof content !== "string") return undefined;
  const { etag, lastModified } = validators;
  return {
    sha256: digest,
    content,
    ...(typeof signature === "string" ? { signature } : {}),
    validators: {
      ...(typeof etag === "string" ? { etag } : {}),
      ...(typeof lastModified === "string" ? { lastModified } : {}),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
