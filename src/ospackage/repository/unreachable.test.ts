import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startProxy } from "../../../test/fixtures/proxy-server.ts";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { makeAuthority, startTlsServer, type TestAuthority } from "../../../test/fixtures/tls-server.ts";
import { createHttpClient } from "../../host/index.ts";
import { fetchBytes } from "./fetch.ts";
import { unreachable } from "./unreachable.ts";

const IP = "IP:127.0.0.1";

let authority: TestAuthority;
const host = { ...testHost(NOW) };
beforeAll(() => {
  authority = makeAuthority();
});
afterAll(async () => {
  await host.http.close();
  authority[Symbol.dispose]();
});
afterEach(() => void host.clock.sleptMs.splice(0));

describe("an address that cannot be reached", () => {
  it.each([
    ["a self-signed certificate", () => authority.selfSigned(IP), /is self-signed, and this host does not trust it/],
    ["an unknown authority", () => authority.issue(IP), /is by an authority that this host does not trust/],
  ])("because of %s is tried once, and the hint names the CA store", async (_, certificate, state) => {
    await using server = await startTlsServer(certificate());
    await expect(fetchBytes(host, `${server.url}/file`, { maxBytes: 10 })).rejects.toMatchObject({
      code: "REPOSITORY_UNREACHABLE",
      message: expect.stringMatching(state) as string,
      hint: expect.stringMatching(/CA store \(update-ca-certificates\).*NODE_EXTRA_CA_CERTS/) as string,
    });
    expect(host.clock.sleptMs).toEqual([]);
  });

  it("because it speaks TLS 1.1 only is tried once, and the hint names TLS 1.2", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    await using server = await startTlsServer(authority.issue(IP), old);
    await expect(fetchBytes(host, `${server.url}/file`, { maxBytes: 10 })).rejects.toMatchObject({
      code: "REPOSITORY_UNREACHABLE",
      message: `Cannot reach "${server.url}/file": it speaks no TLS version that is safe`,
      hint: expect.stringContaining("TLS 1.2 or newer") as string,
    });
    expect(host.clock.sleptMs).toEqual([]);
  });

  it.each([
    ["http", 407, 'Cannot reach "http://127.0.0.1:9/file": the proxy wants to know who asks (status 407)', 0],
    ["https", 407, 'Cannot reach "https://127.0.0.1:9/file": the proxy wants to know who asks (status 407)', 0],
    ["https", 403, 'Cannot reach "https://127.0.0.1:9/file": the proxy answered with status 403', 0],
    ["https", 503, 'Cannot reach "https://127.0.0.1:9/file": the proxy answered with status 503', 3],
  ])("because the proxy refuses (%s, %i) says so", async (scheme, status, message, retries) => {
    await using proxy = await startProxy();
    proxy.refusal = status;
    const http = createHttpClient({ http_proxy: proxy.address, https_proxy: proxy.address });
    const fetching = fetchBytes({ ...host, http }, `${scheme}://127.0.0.1:9/file`, { maxBytes: 10 });
    await expect(fetching).rejects.toMatchObject({ code: "REPOSITORY_UNREACHABLE", message });
    expect(host.clock.sleptMs).toHaveLength(retries);
    await http.close();
  });

  it("because a proxy variable is wrong is the configuration's fault", async () => {
    const fetching = fetchBytes({ ...host, http: createHttpClient({ http_proxy: "http://" }) }, "http://127.0.0.1:9/", {
      maxBytes: 10,
    });
    await expect(fetching).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(host.clock.sleptMs).toEqual([]);
  });

  it("shows what lies deepest when nothing of it is known", () => {
    const cause = new Error("Proxy Connection failed", { cause: new AggregateError([new Error("odd failure")]) });
    const { error, isTemporary } = unreachable("the index", cause);
    expect([error.message, isTemporary]).toEqual(["Cannot reach the index: odd failure", true]);
  });
});
