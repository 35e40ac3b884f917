import { getCACertificates } from "node:tls";
import type { Agent } from "undici";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";

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
  get(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 20_000;
const HEADERS_TIMEOUT_MS = 30_000;
const BODY_IDLE_TIMEOUT_MS = 60_000;

/** A client with TLS 1.2 or newer, the system's CA store, and the proxy that `http_proxy`, `https_proxy` and `no_proxy` name. */
export function createHttpClient(): HttpClient {
  let dispatcher: Dispatcher | undefined;
  const dispatch = (): Dispatcher => (dispatcher ??= createDispatcher());
  return {
    get: async (httpRequest) => follow(httpRequest, dispatch(), MAX_REDIRECTS),
    close: async () => {
      await dispatcher?.destroy();
      dispatcher = undefined;
    },
  };
}

function createDispatcher(): Dispatcher {
  const tls = { minVersion: "TLSv1.2" as const, ca: systemCertificates() };
  const options: Agent.Options = {
    connect: { ...tls, timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_IDLE_TIMEOUT_MS,
    connections: 16,
    keepAliveTimeout: 5_000,
  };
  return new EnvHttpProxyAgent({ ...options, requestTls: tls, proxyTls: tls });
}

/** The host's CA certificates; Node's own list where the host has none. */
function systemCertificates(): string[] {
  const system = getCACertificates("system");
  const extra = getCACertificates("extra");
  return system.length > 0 ? [...system, ...extra] : [...getCACertificates("bundled"), ...extra];
}

async function follow(httpRequest: HttpRequest, dispatcher: Dispatcher, redirectsLeft: number): Promise<HttpResponse> {
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
