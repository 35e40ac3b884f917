import { createHash } from "node:crypto";
import { ComposerError } from "../../../core/index.ts";
import { HASH_NAMES } from "./rpm-files.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { RPM_TAG } from "./rpm-tags.ts";

/** What a header says about its payload: digests that cannot be forged. */
export interface PayloadDigest {
  /** As node:crypto names it. */
  readonly algorithm: string;
  /** Lower-case hexadecimal. */
  readonly digest: string;
  /** Over the decompressed payload. */
  readonly isPlain: boolean;
}

/** Compares a payload that passes by with its header. */
export interface PayloadCheck {
  readonly digest: PayloadDigest | undefined;
  /** Takes bytes of the payload as it is in the file. */
  add(piece: Uint8Array): void;
  /** Passes the decompressed payload on. */
  plain(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** @throws {PACKAGE_DIGEST_MISMATCH} */
  finish(): void;
}

const STRONG = new Set(["sha256", "sha384", "sha512", "sha3-256", "sha3-512"]);

/** The first that is there: over the bytes of the file, else over the decompressed ones. */
export function payloadDigestOf(header: RpmHeader): PayloadDigest | undefined {
  const algorithm = HASH_NAMES[header.number(RPM_TAG.payloadDigestAlgorithm) ?? 8] ?? "";
  const candidates = [
    { algorithm, digest: header.string(RPM_TAG.payloadDigest), isPlain: false },
    { algorithm: "sha512", digest: header.string(RPM_TAG.payloadSha512), isPlain: false },
    { algorithm: "sha3-256", digest: header.string(RPM_TAG.payloadSha3), isPlain: false },
    { algorithm, digest: header.string(RPM_TAG.payloadDigestAlternative), isPlain: true },
  ];
  for (const { algorithm: name, digest = "", isPlain } of candidates) {
    if (digest !== "" && STRONG.has(name)) return { algorithm: name, digest: digest.toLowerCase(), isPlain };
  }
  return undefined;
}

/** @param object the package, for messages */
export function createPayloadCheck(header: RpmHeader, object: string): PayloadCheck {
  const digest = payloadDigestOf(header);
  const hash = digest === undefined ? undefined : createHash(digest.algorithm);
  return {
    digest,
    add(piece) {
      if (digest?.isPlain === false) hash?.update(piece);
    },
    async *plain(source) {
      for await (const piece of source) {
        if (digest?.isPlain === true) hash?.update(piece);
        yield piece;
      }
    },
    finish() {
      if (hash?.digest("hex") !== digest?.digest) throw digestMismatch(object, "its payload");
    },
  };
}

/** @param part "its payload", "its header" */
export function digestMismatch(object: string, part: string): ComposerError {
  const message = `Cannot use ${object}: ${part} is not what the digest in the package says`;
  return new ComposerError("PACKAGE_DIGEST_MISMATCH", message, {
    hint: "The file was changed or damaged after it was made; fetch it again or use another mirror",
  });
}
