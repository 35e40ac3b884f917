import process from "node:process";
import type { Agent, Dispatcher } from "undici";
import { ComposerError } from "../core/index.ts";

export interface HttpRequest {
  readonly url: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; a repeated header is joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads and drops the rest of the body, so that the connection can be used again. */
  discard(): Promise<void>;
}

/** HTTP(S) GET; errors of the connection are thrown as they come, statuses are the caller's to judge. */
export interface HttpClient {
  /** @throws {CONFIG_INVALID} a proxy variable holds no address */
  get(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 20_000;
const HEADERS_TIMEOUT_MS = 30_000;
const BODY_IDLE_TIMEOUT_MS = 60_000;

/** The part of an environment that names proxies. */
type ProxyVariables = Readonly<Record<string, string | undefined>>;

/**
 * A client with TLS 1.2 or newer, the system's CA store, and the proxies that `http_proxy`, `https_proxy` and `no_proxy`
 * name; of two spellings the one in lower case counts.
 */
export function createHttpClient(variables: ProxyVariables = process.env): HttpClient {
  let dispatcher: Promise<Dispatcher> | undefined;
  return {
    get: async (httpRequest) => follow(httpRequest, await (dispatcher ??= createDispatcher(variables)), MAX_REDIRECTS),
    close: async () => {
      await (await dispatcher?.catch(() => undefined))?.destroy();
      dispatcher = undefined;
    },
  };
}

/** Loads undici and TLS only now: most commands ask nobody anything, and loading it takes as long as all of our own code. */
async function createDispatcher(variables: ProxyVariables): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import("undici");
  const tls = { minVersion: "TLSv1.2" as const, ca: await systemCertificates() };
  const options: Agent.Options = {
    connect: { ...tls, timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_IDLE_TIMEOUT_MS,
    connections: 16,
    keepAliveTimeout: 5_000,
  };
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    proxyTls: tls,
    httpProxy: proxyOf(variables, "http_proxy"),
    httpsProxy: proxyOf(variables, "https_proxy"),
    noProxy: variables["no_proxy"] ?? variables["NO_PROXY"] ?? "",
  });
}

/** Empty when there is none; an address without a scheme is one of http, as it is for curl and apt. */
function proxyOf(variables: ProxyVariables, name: "http_proxy" | "https_proxy"): string {
  const value = variables[name] ?? variables[name.toUpperCase()] ?? "";
  if (value === "") return "";
  const address = value.includes("://") ? value : `http://${value}`;
  if (/^(https?|socks5?):$/.test(URL.parse(address)?.protocol ?? "")) return address;
  // The value may hold a password.
  throw new ComposerError("CONFIG_INVALID", `Cannot use the proxy of the variable ${name}: it is no address`, {
    hint: "It looks like http://PROXY:3128, or http://USER:PASSWORD@PROXY:3128",
  });
}

/** The host's CA certificates; Node's own list where the host has none. */
async function systemCertificates(): Promise<string[]> {
  const { getCACertificates } = await import("node:tls");
  const system = getCACertificates("system");
  const extra = getCACertificates("extra");
  return system.length > 0 ? [...system, ...extra] : [...getCACertificates("bundled"), ...extra];
}

async function follow(httpRequest: HttpRequest, dispatcher: Dispatcher, redirectsLeft: number): Promise<HttpResponse> {
  const { request } = await import("undici");
  const response = await request(httpRequest.url, {
    method: "GET",
    dispatcher,
    headers: { "user-agent": "os-image-composer", ...httpRequest.headers },
    ...(httpRequest.signal === undefined ? {} : { signal: httpRequest.signal }),
  });
  const location = response.headers["location"];
  if ([301, 302, 303, 307, 308].includes(response.statusCode) && typeof location === "string" && redirectsLeft > 0) {
    await response.body.dump();
    const target = new URL(location, httpRequest.url);
    // A redirect must not take away the protection that the address asked for.
    if (httpRequest.url.startsWith("https:") && target.protocol !== "https:") {
      throw new Error(`redirected from https to ${target.protocol.replace(":", "")}`);
    }
    return follow({ ...httpRequest, url: target.href }, dispatcher, redirectsLeft - 1);
  }
  return {
    status: response.statusCode,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : (value ?? ""),
      ]),
    ),
    body: response.body,
    discard: async () => {
      await response.body.dump();
    },
  };
}
