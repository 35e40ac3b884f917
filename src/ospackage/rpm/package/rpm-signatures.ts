import type { StreamedSignature, UnreadableSignature } from "../../openpgp/index.ts";
import { readStreamedSignatures } from "../../openpgp/index.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { SIGNATURE_TAG } from "./rpm-tags.ts";

export interface RpmSignatures {
  readonly overHeader: readonly (StreamedSignature | UnreadableSignature)[];
  readonly overHeaderAndPayload: readonly (StreamedSignature | UnreadableSignature)[];
}

const MAX_SIGNATURES = 64;

/** The signatures in a signature header; what can't be read among them is told by its fault. */
export async function readRpmSignatures(signatures: RpmHeader): Promise<RpmSignatures> {
  const { rsaHeader, dsaHeader, openPgp, pgp, gpg } = SIGNATURE_TAG;
  const binary = (tags: readonly number[]): Uint8Array[] =>
    tags.map((tag) => signatures.bytes(tag)).filter((bytes) => bytes !== undefined);
  const base64 = signatures.strings(openPgp).slice(0, MAX_SIGNATURES);
  const overHeader = [...binary([rsaHeader, dsaHeader]), ...base64.map((text) => Buffer.from(text, "base64"))];
  const read = async (all: readonly Uint8Array[]): Promise<(StreamedSignature | UnreadableSignature)[]> =>
    (await Promise.all(all.map(readStreamedSignatures))).flat();
  return { overHeader: await read(overHeader), overHeaderAndPayload: await read(binary([pgp, gpg])) };
}
