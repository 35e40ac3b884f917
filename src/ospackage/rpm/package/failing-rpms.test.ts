import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { generateKey, type PrivateKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpioOf } from "../../../../test/fixtures/make-rpm-parts.ts";
import { type RpmRecord, rpmOf } from "../../../../test/fixtures/make-rpm.ts";
import { signerOf } from "../../../../test/fixtures/sign-rpm.ts";
import { createProcessRunner, nodeFiles } from "../../../host/index.ts";
import { failingRpms } from "./failing-rpms.ts";

const KEY_DATE = new Date("2026-01-01T00:00:00Z");
const NOW = new Date("2026-01-06T00:00:00Z");
const host = { files: nodeFiles, processes: createProcessRunner() };

let sandbox: string;
let key: PrivateKey;

beforeAll(async () => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "failing-rpms-"));
  const options = { userIDs: { name: "x" }, date: KEY_DATE, format: "object", type: "rsa", rsaBits: 2048 } as const;
  key = ((await generateKey(options)) as unknown as { readonly privateKey: PrivateKey }).privateKey;
});
afterAll(() => fs.rmSync(sandbox, { recursive: true }));

async function write(name: string, record: Partial<RpmRecord> = {}): Promise<string> {
  const file = path.join(sandbox, `${name}.rpm`);
  const files = [{ path: "/usr/share/x", content: "hello" }];
  fs.writeFileSync(file, await rpmOf({ name, files, ...record }));
  return file;
}

const codesOf = (failing: Awaited<ReturnType<typeof failingRpms>>): unknown[] =>
  failing.map(({ file, error }) => [path.basename(file, ".rpm"), (error as { code?: string }).code]);

describe("failingRpms()", () => {
  const signed = (): Partial<RpmRecord> => ({ signatures: { rsaHeader: signerOf(key, KEY_DATE) } });

  it("names all that fail, in order, and asks for signatures where there are keys", async () => {
    const keys = [key.toPublic()];
    const elsewhere = { archive: cpioOf([{ name: "./usr/share/y", content: "hello" }]) };
    const rpms = [
      { file: await write("unsigned"), keys },
      { file: await write("signed", signed()), keys },
      { file: await write("nobody-asks") },
      { file: await write("elsewhere", { ...signed(), ...elsewhere }), keys },
      { file: await write("climbs", { files: [{ path: "/../x" }] }) },
    ];
    expect(codesOf(await failingRpms(host, rpms, NOW, { workers: 2 }))).toEqual([
      ["unsigned", "PACKAGE_SIGNATURE_MISSING"],
      ["elsewhere", "PACKAGE_FORMAT_INVALID"],
      ["climbs", "PACKAGE_UNSAFE_PATH"],
    ]);
  });

  it("names those that are other packages than they were chosen for, whoever signed them", async () => {
    const keys = [key.toPublic()];
    const file = await write("x", { ...signed(), epoch: 2, version: "1.0", release: "3", architecture: "x86_64" });
    const right = { name: "x", version: "2:1.0-3", architecture: "x86_64" };
    const wrong = [
      { ...right, name: "y" },
      { ...right, version: "1.0-3" },
      { ...right, version: "2:1.0-4" },
      { ...right, architecture: "noarch" },
    ];
    const rpms = [right, ...wrong].flatMap((expected) => [
      { file, keys, expected },
      { file, expected, isPayloadChecked: true },
    ]);
    const failing = await failingRpms(host, rpms, NOW, { workers: 2 });
    expect(codesOf(failing)).toEqual(Array.from({ length: 8 }, () => ["x", "PACKAGE_IDENTITY_MISMATCH"]));
    expect(failing[0]?.error).toMatchObject({
      message: `Cannot use "${file}": it is x-2:1.0-3.x86_64, not y-2:1.0-3.x86_64 as its repository, or the lock, says`,
    });
  });

  it("does not read a payload again that was found right before", async () => {
    const elsewhere = { archive: cpioOf([{ name: "./usr/share/y", content: "hello" }]) };
    const file = await write("elsewhere", { ...signed(), ...elsewhere });
    const options = { keys: [key.toPublic()], isPayloadChecked: true };
    expect(await failingRpms(host, [{ file, ...options }], NOW, { workers: 1 })).toEqual([]);
    const unsigned = await write("unsigned");
    expect(await failingRpms(host, [{ file: unsigned, ...options }], NOW, { workers: 1 })).toHaveLength(1);
  });

  it("finds nothing in no packages", async () => {
    expect(await failingRpms(host, [], NOW, { workers: 2 })).toEqual([]);
  });

  it("stops when it is interrupted", async () => {
    const rpms = [{ file: await write("whole") }];
    const checking = failingRpms(host, rpms, NOW, { workers: 2, signal: AbortSignal.abort() });
    await expect(checking).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
