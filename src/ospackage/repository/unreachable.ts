import { ComposerError, messageOf } from "../../core/index.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "its host name is unknown",
  EAI_AGAIN: "its host name cannot be looked up now",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_HEADERS_TIMEOUT: "the server did not answer in time",
  UND_ERR_SOCKET: "the server closed the connection",
  UND_ERR_INVALID_ARG: "the address is not valid",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is by an authority that this host does not trust",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is by an authority that this host does not trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is by an authority that this host does not trust",
  CERT_HAS_EXPIRED: "its certificate is expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
};

/** The error for a connection that failed before the server answered. */
export function unreachable(object: string, error: unknown): ComposerError {
  return new ComposerError("REPOSITORY_UNREACHABLE", `Cannot reach ${object}: ${reasonOf(error)}`, {
    hint: "Check the network and the proxy variables, or choose a mirror with --mirror NAME=URL",
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  // Node.js reports one failure per address of the host.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  return messageOf(error);
}
