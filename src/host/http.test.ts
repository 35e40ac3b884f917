import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyServer, startFaultyServer } from "../../test/fixtures/faulty-server.ts";
import { startProxy, type TestProxy } from "../../test/fixtures/proxy-server.ts";
import { makeAuthority, startTlsServer, type TestAuthority, type TlsServer } from "../../test/fixtures/tls-server.ts";
import { createHttpClient } from "./http.ts";

const IP = "IP:127.0.0.1";

let authority: TestAuthority;
beforeAll(() => {
  authority = makeAuthority();
});
afterAll(() => {
  authority[Symbol.dispose]();
});

/** One request with a client of its own. */
async function get(url: string, variables: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const client = createHttpClient(variables);
  try {
    const { status, body } = await client.get({ url });
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    return { status, text: Buffer.concat(pieces).toString() };
  } finally {
    await client.close();
  }
}

describe("proxy variables", () => {
  let server: FaultyServer;
  let proxy: TestProxy;
  let other: TestProxy;
  beforeEach(async () => {
    [server, proxy, other] = await Promise.all([
      startFaultyServer([["file", Buffer.from("content")]]),
      startProxy(),
      startProxy(),
    ]);
  });
  afterEach(() => Promise.all([server, proxy, other].map((one) => one[Symbol.asyncDispose]())));

  it.each(["http_proxy", "HTTP_PROXY"])("%s gets requests for http as they are, without a tunnel", async (name) => {
    const answer = await get(`${server.url}/file`, { [name]: `http://${proxy.address}` });
    expect(answer).toEqual({ status: 200, text: "content" });
    expect(proxy.requests).toEqual([`GET ${server.url}/file`]);
  });

  it.each(["https_proxy", "HTTPS_PROXY"])("%s tunnels requests for https", async (name) => {
    await using secure = await startTlsServer(authority.selfSigned(IP));
    const variables = { [name]: `http://${proxy.address}`, http_proxy: `http://${other.address}` };
    // That the certificate of the server is judged shows that the tunnel stands.
    await expect(get(`${secure.url}/file`, variables)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(proxy.requests).toEqual([`CONNECT ${new URL(secure.url).host}`]);
    expect(other.requests).toEqual([]);
  });

  it("in lower case count more than in upper case", async () => {
    await get(`${server.url}/file`, { HTTP_PROXY: `http://${other.address}`, http_proxy: `http://${proxy.address}` });
    expect([proxy.requests.length, other.requests.length]).toEqual([1, 0]);
    await get(`${server.url}/file`, { HTTP_PROXY: `http://${other.address}`, http_proxy: "" });
    expect([proxy.requests.length, other.requests.length]).toEqual([1, 0]);
  });

  it("may have user and password, and no scheme", async () => {
    await get(`${server.url}/file`, { http_proxy: `me:s%40cret@${proxy.address}` });
    expect(proxy.requests).toEqual([`GET ${server.url}/file me:s@cret`]);
    await using secure = await startTlsServer(authority.selfSigned(IP));
    await get(secure.url, { https_proxy: `http://me:s%40cret@${proxy.address}` }).catch(() => undefined);
    expect(proxy.requests[1]).toBe(`CONNECT ${new URL(secure.url).host} me:s@cret`);
  });

  it.each([
    ["no_proxy", "127.0.0.1", 0],
    ["NO_PROXY", "localhost, 127.0.0.1", 0],
    ["no_proxy", "*", 0],
    ["no_proxy", "example.org,.0.0.1", 0],
    ["no_proxy", "example.org", 1],
    ["no_proxy", "127.0.0.1:1", 1],
  ])("%s=%s leaves %i requests to the proxy", async (name, value, count) => {
    const variables = { http_proxy: `http://${proxy.address}`, [name]: value };
    expect(await get(`${server.url}/file`, variables)).toMatchObject({ status: 200 });
    expect(proxy.requests).toHaveLength(count);
  });

  it.each(["http://", "foo://127.0.0.1", "http://[::1", "me:secret@:3128"])(
    "that hold no address (%s) are refused without their value, which may be secret",
    async (value) => {
      await expect(get(`${server.url}/file`, { http_proxy: value })).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: "Cannot use the proxy of the variable http_proxy: it is no address",
      });
      expect(server.requests).toEqual([]);
    },
  );

  it.each([
    ["http", 407, "Proxy Authentication Required (407)"],
    ["https", 407, "Proxy response (407) !== 200 when HTTP Tunneling"],
    ["https", 403, "Proxy response (403) !== 200 when HTTP Tunneling"],
  ])("name a proxy whose refusal is an error: %s, %i", async (scheme, status, message) => {
    proxy.refusal = status;
    const url = `${scheme}://127.0.0.1:9/file`;
    await expect(get(url, { http_proxy: proxy.address, https_proxy: proxy.address })).rejects.toMatchObject({
      message,
    });
  });
});

describe("TLS", () => {
  const servers = new AsyncDisposableStack();
  afterAll(() => servers.disposeAsync());
  const serve = async (...call: Parameters<typeof startTlsServer>): Promise<TlsServer> =>
    servers.use(await startTlsServer(...call));

  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", () => authority.selfSigned(IP)],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", () => authority.issue(IP)],
  ])("refuses a certificate with %s", async (code, certificate) => {
    const { url } = await serve(certificate());
    await expect(get(url)).rejects.toMatchObject({ code });
  });

  it.each([
    ["NODE_EXTRA_CA_CERTS", () => ({ NODE_EXTRA_CA_CERTS: authority.caFile })],
    ["SSL_CERT_FILE, the place of the system's store", () => ({ SSL_CERT_FILE: authority.caFile })],
  ])("accepts an authority of %s, for its own names and while it is valid", async (_, variables) => {
    const [right, otherName, expired] = await Promise.all([
      serve(authority.issue(IP)),
      serve(authority.issue("DNS:mirror.example.org")),
      serve(authority.issue(IP, -1)),
    ]);
    const results = await getInProcess(
      [right, otherName, expired].map(({ url }) => `${url}/file`),
      variables(),
    );
    expect(results).toEqual(["200 /file", "ERR_TLS_CERT_ALTNAME_INVALID", "CERT_HAS_EXPIRED"]);
  });

  it("accepts an authority that the system's store has got besides the others", async () => {
    const { url } = await serve(authority.issue(IP));
    const bundle = path.join(path.dirname(authority.caFile), "bundle.pem");
    const other = authority.selfSigned("DNS:other.example.org").cert;
    writeFileSync(bundle, `${other}${readFileSync(authority.caFile, "utf8")}`);
    expect(await getInProcess([url], { SSL_CERT_FILE: bundle })).toEqual(["200 /"]);
  });

  it("refuses a server that speaks TLS 1.1 only, which other clients would accept", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    const { url } = await serve(authority.issue(IP), old);
    expect(await protocolOf(url, { ...old, rejectUnauthorized: false })).toBe("TLSv1.1");
    const results = await getInProcess([url], {
      NODE_EXTRA_CA_CERTS: authority.caFile,
      NODE_OPTIONS: "--tls-min-v1.0 --tls-cipher-list=DEFAULT:@SECLEVEL=0",
    });
    expect(results).toEqual([expect.stringMatching(/^ERR_SSL_(UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION)$/)]);
  });
});

async function protocolOf(url: string, options: Parameters<typeof connect>[1]): Promise<string | null> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", options);
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const protocol = socket.getProtocol();
  socket.destroy();
  return protocol;
}

/** Which authorities a process trusts is decided when it starts. */
async function getInProcess(urls: readonly string[], variables: Record<string, string>): Promise<string[]> {
  const script = `
    import { createHttpClient } from ${JSON.stringify(path.join(import.meta.dirname, "http.ts"))};
    const client = createHttpClient({});
    const results = [];
    for (const url of ${JSON.stringify(urls)}) {
      try {
        const { status, body } = await client.get({ url });
        let text = "";
        for await (const piece of body) text += Buffer.from(piece).toString();
        results.push(status + " " + text);
      } catch (error) {
        results.push(error.code ?? String(error));
      }
    }
    await client.close();
    console.log(JSON.stringify(results));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: { PATH: process.env["PATH"], ...variables },
  });
  return JSON.parse(stdout) as string[];
}
