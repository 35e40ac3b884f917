import { createHash } from "node:crypto";
import { ComposerError } from "../../../core/index.ts";
import { HASH_NAMES } from "./rpm-files.ts";
import type { RpmHeader } from "./rpm-header.ts";
import { RPM_TAG } from "./rpm-tags.ts";

/** What a header says about its payload: digests that cannot be forged, all of one algorithm. */
export interface PayloadDigest {
  /** As node:crypto names it. */
  readonly algorithm: string;
  /** Lower-case hexadecimal: of the compressed payload, and of one that somebody keeps decompressed. */
  readonly anyOf: readonly string[];
}

/** Compares a payload that passes by with its header. */
export interface PayloadCheck {
  /** Undefined when the header has none. */
  readonly digest: PayloadDigest | undefined;
  add(piece: Uint8Array): void;
  /** @throws {PACKAGE_DIGEST_MISMATCH} */
  finish(): void;
}

const STRONG = new Set(["sha256", "sha384", "sha512", "sha3-256", "sha3-512"]);

/** @param object the package, for messages */
export function createPayloadCheck(header: RpmHeader, object: string): PayloadCheck {
  const digest = payloadDigestOf(header);
  const hash = digest === undefined ? undefined : createHash(digest.algorithm);
  return {
    digest,
    add: (piece) => void hash?.update(piece),
    finish() {
      const found = hash?.digest("hex") ?? "";
      if (digest?.anyOf.includes(found) === false) throw digestMismatch(object, "payload");
    },
  };
}

function payloadDigestOf(header: RpmHeader): PayloadDigest | undefined {
  const algorithm = HASH_NAMES[header.number(RPM_TAG.payloadDigestAlgorithm) ?? 8] ?? "";
  const candidates = [
    [algorithm, RPM_TAG.payloadDigest, RPM_TAG.payloadDigestAlternative],
    ["sha512", RPM_TAG.payloadSha512, RPM_TAG.payloadSha512Alternative],
    ["sha3-256", RPM_TAG.payloadSha3, RPM_TAG.payloadSha3Alternative],
  ] as const;
  for (const [name, ...tags] of candidates) {
    const anyOf = tags.flatMap((tag) => header.string(tag)?.toLowerCase() ?? []);
    if (anyOf.length > 0 && STRONG.has(name)) return { algorithm: name, anyOf };
  }
  return undefined;
}

/** @param part "its payload", "its header" */
export function digestMismatch(object: string, part: "header" | "payload"): ComposerError {
  const message = `Cannot use ${object}: its ${part} is not what the digest in the package says`;
  return new ComposerError(part === "header" ? "PACKAGE_HEADER_MISMATCH" : "PACKAGE_DIGEST_MISMATCH", message, {
    hint: "The file was changed or damaged after it was made; fetch it again or use another mirror",
  });
}
