import type { StreamedSignature, UnreadableSignature } from "../../openpgp/index.ts";
import { readStreamedSignatures } from "../../openpgp/index.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { SIGNATURE_TAG } from "./rpm-tags.ts";

export interface RpmSignatures {
  readonly overHeader: readonly (StreamedSignature | UnreadableSignature)[];
  readonly overHeaderAndPayload: readonly (StreamedSignature | UnreadableSignature)[];
}

/** Of each kind; rpm's own tools make up to three. */
const MAX_SIGNATURES = 64;
/** The largest that OpenPGP knows, those that no quantum computer breaks, have 50 KiB. */
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** The signatures in a signature header; what can't be read among them is told by its fault. */
export async function readRpmSignatures(signatures: RpmHeader): Promise<RpmSignatures> {
  const { rsaHeader, dsaHeader, openPgp, pgp, gpg } = SIGNATURE_TAG;
  const binary = (tags: readonly number[]): Uint8Array[] =>
    tags.map((tag) => signatures.bytes(tag)).filter((bytes) => bytes !== undefined);
  const base64 = signatures.count(openPgp) > MAX_SIGNATURES ? [] : signatures.strings(openPgp);
  const ofHeader = await readAll([
    ...binary([rsaHeader, dsaHeader]),
    ...base64.map((text) => Buffer.from(text.slice(0, 2 * MAX_SIGNATURE_BYTES), "base64")),
  ]);
  const tooMany = base64.length < signatures.count(openPgp) ? [{ fault: "It has too many signatures" }] : [];
  return { overHeader: [...ofHeader, ...tooMany], overHeaderAndPayload: await readAll(binary([pgp, gpg])) };
}

async function readAll(all: readonly Uint8Array[]): Promise<(StreamedSignature | UnreadableSignature)[]> {
  const found: (StreamedSignature | UnreadableSignature)[] = [];
  for (const bytes of all) {
    if (bytes.length > MAX_SIGNATURE_BYTES) found.push({ fault: "A signature is damaged: it has more than 64 KiB" });
    else found.push(...(await readStreamedSignatures(bytes)));
    // Each takes its own pass over header and payload.
    if (found.length > MAX_SIGNATURES) return [{ fault: `It has more than ${MAX_SIGNATURES} signatures` }];
  }
  return found;
}
