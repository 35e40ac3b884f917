import { ComposerError, messageOf } from "../../core/index.ts";

const STATES: Readonly<Record<string, string>> = {
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
};

const UNTRUSTED = "its certificate is by an authority that this host does not trust";
const ADD_AUTHORITY =
  "If you trust that authority, add its certificate to this host's CA store (update-ca-certificates), or name its file in NODE_EXTRA_CA_CERTS";
const CHECK_DATE = "Check this host's date, or tell the mirror's owner";
const CHECK_ADDRESS = "Check the address, or choose another mirror with --mirror NAME=URL";
const CHOOSE_MODERN = "The server must speak TLS 1.2 or newer: choose another mirror with --mirror NAME=URL";

/** What trying again does not change: state and hint, by the code of Node.js and OpenSSL. */
const REFUSALS: Readonly<Record<string, readonly [state: string, hint: string]>> = {
  UND_ERR_INVALID_ARG: ["the address is not valid", CHECK_ADDRESS],
  ERR_INVALID_URL: ["the address is not valid", CHECK_ADDRESS],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["its certificate is self-signed, and this host does not trust it", ADD_AUTHORITY],
  SELF_SIGNED_CERT_IN_CHAIN: [UNTRUSTED, ADD_AUTHORITY],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [UNTRUSTED, ADD_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT: [UNTRUSTED, ADD_AUTHORITY],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [UNTRUSTED, ADD_AUTHORITY],
  CERT_HAS_EXPIRED: ["its certificate is expired", CHECK_DATE],
  CERT_NOT_YET_VALID: ["its certificate is not valid yet", CHECK_DATE],
  ERR_TLS_CERT_ALTNAME_INVALID: ["its certificate is for another host name", CHECK_ADDRESS],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ["it speaks no TLS version that is safe", CHOOSE_MODERN],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ["it speaks no TLS version that is safe", CHOOSE_MODERN],
};

/** A connection that failed before the server answered. */
export interface Unreachable {
  readonly error: ComposerError;
  /** False when another attempt would end the same way. */
  readonly isTemporary: boolean;
}

/** Says why a connection failed. */
export function unreachable(object: string, cause: unknown): Unreachable {
  const proxyStatus = proxyStatusOf(cause);
  const [state, hint] = (proxyStatus === undefined ? REFUSALS[codeOf(cause)] : proxyRefusal(proxyStatus)) ?? [];
  const error = new ComposerError("REPOSITORY_UNREACHABLE", `Cannot reach ${object}: ${state ?? stateOf(cause)}`, {
    hint: hint ?? "Check the network and the proxy variables, or choose a mirror with --mirror NAME=URL",
    cause,
  });
  return { error, isTemporary: state === undefined || (proxyStatus ?? 0) >= 500 };
}

/** undici gives a proxy's refusal as text alone. */
function proxyStatusOf(error: unknown): number | undefined {
  const match = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(messageOf(error));
  return match === null ? undefined : Number(match[1]);
}

function proxyRefusal(status: number): readonly [state: string, hint: string] {
  if (status === 407) {
    return [
      "the proxy wants to know who asks (status 407)",
      "Put user and password into the proxy variable: http://USER:PASSWORD@PROXY:PORT",
    ];
  }
  return [`the proxy answered with status ${status}`, "Check the proxy variables, or add the host to no_proxy"];
}

function stateOf(error: unknown): string {
  return STATES[codeOf(error)] ?? messageOf(innermost(error));
}

function codeOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    if (Object.hasOwn(STATES, error.code) || Object.hasOwn(REFUSALS, error.code)) return error.code;
  }
  const inner = innerOf(error);
  return inner === undefined ? "" : codeOf(inner);
}

/** Node.js reports one failure per address of the host; undici wraps what a proxy's connection met. */
function innerOf(error: unknown): unknown {
  if (error instanceof AggregateError) return error.errors[0];
  return error instanceof Error ? error.cause : undefined;
}

function innermost(error: unknown): unknown {
  const inner = innerOf(error);
  return inner === undefined ? error : innermost(inner);
}
