import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOW } from "../../../test/fixtures/signed-repository.ts";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { fetchHead } from "./fetch-head.ts";

let host: ReturnType<typeof testHost>;
let server: Server | undefined;
beforeEach(() => {
  host = testHost(NOW);
});
afterEach(async () => {
  await host.http.close();
  server?.closeAllConnections();
  server?.close();
});

/** The first bytes of what a server says. */
async function headFrom(answer: RequestListener, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/it`;
  return fetchHead(host, url, { object: "it", byteCount: 72, ...options });
}

describe("fetchHead()", () => {
  it("takes no more from a server that knows no ranges, and has more than anybody wants", async () => {
    const ended = Promise.withResolvers<void>();
    const head = await headFrom((_, response) => {
      const send = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, "a")));
      };
      response.on("drain", send).on("close", () => ended.resolve());
      send();
    });
    expect(Buffer.from(head).toString()).toBe("a".repeat(72));
    await ended.promise;
  });

  it("refuses another part, and what is too short, after several attempts", async () => {
    const another = headFrom((_, response) => response.writeHead(206, { "content-range": "bytes 5-76/100" }).end("x"));
    await expect(another).rejects.toMatchObject({ code: "REPOSITORY_HTTP_ERROR", hint: expect.any(String) as string });
    expect(host.clock.sleptMs).toEqual([]);
    server?.close();
    const short = headFrom((_, response) => response.writeHead(206, { "content-range": "bytes 0-2/100" }).end("abc"));
    await expect(short).rejects.toMatchObject({
      code: "REPOSITORY_TRUNCATED",
      message: "Cannot fetch it: it ended after 3 of 72 bytes",
    });
    expect(host.clock.sleptMs).toHaveLength(3);
  });

  it("ends when it is interrupted, although the answer never does", async () => {
    const abort = new AbortController();
    const head = headFrom(
      (_, response) => {
        response.write("a");
        setTimeout(() => abort.abort(), 10);
      },
      { signal: abort.signal },
    );
    await expect(head).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("reads files, which may be shorter than they should be or gone", async () => {
    const here = pathToFileURL(import.meta.filename).href;
    const head = await fetchHead(host, here, { object: "it", byteCount: 6 });
    expect(Buffer.from(head).toString()).toBe("import");
    const all = fetchHead(host, here, { object: "it", byteCount: 2 ** 20 });
    await expect(all).rejects.toMatchObject({ code: "REPOSITORY_TRUNCATED" });
    const gone = fetchHead(host, `${here}.gone`, { object: "it", byteCount: 6 });
    await expect(gone).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
  });
});
