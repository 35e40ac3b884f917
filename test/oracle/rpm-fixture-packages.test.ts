import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBootable } from "../fixtures/rpm-distribution/bootable/make-bootable.ts";
import { CACHE } from "../fixtures/rpm-distribution/cached-directory.ts";
import { makeSigningKey, packagesIn } from "../fixtures/rpm-distribution/repository/signing-key.ts";
import { makeTiny } from "../fixtures/rpm-distribution/tiny/make-tiny.ts";
import { nodeFiles } from "../../src/host/index.ts";
import { readTrustedKeys } from "../../src/ospackage/openpgp/index.ts";
import { verifyRpm } from "../../src/ospackage/rpm/package/index.ts";
import { comparisonOf } from "./rpm-comparison.ts";
import { type RpmPrograms, createRpmPrograms } from "./rpm-programs.ts";

const isFull = process.env["OIC_TEST_FULL"] !== undefined;

let sandbox: string;
let rpm: RpmPrograms;
beforeAll(() => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "rpm-fixture-packages-"));
  rpm = createRpmPrograms(sandbox);
});
afterAll(() => fs.rmSync(sandbox, { recursive: true, force: true }));

async function compareAll(files: readonly string[], keyFile: string): Promise<void> {
  rpm.importKeys([keyFile]);
  const keys = await readTrustedKeys({ files: nodeFiles }, [{ file: keyFile, fingerprints: [] }]);
  for (const file of files) {
    for (const compare of Object.values(comparisonOf)) {
      const { ours, theirs } = await compare(rpm, file, sandbox);
      expect([path.basename(file), ...ours]).toEqual([path.basename(file), ...theirs]);
    }
    expect(rpm.check(file)).toMatchObject({ accepted: true });
    expect((await verifyRpm({ files: nodeFiles }, file, keys, new Date())).signedBy).toMatch(/^[0-9A-F]{40}$/);
  }
}

describe("all packages of the RPM distribution, read by us and by rpm, rpm -K and rpm2cpio", () => {
  it("are the same in its small repositories", async () => {
    await using key = await makeSigningKey();
    const tiny = await makeTiny(path.join(sandbox, "tiny"), key);
    const files = [tiny.base, tiny.updates, tiny.extras].flatMap((each) => packagesIn(path.join(each, "Packages")));
    expect(files.length).toBeGreaterThan(30);
    await compareAll(files, tiny.keyFile);
  });

  it("are the same in the bootable one", async ({ skip }) => {
    if (!isFull) skip("221 packages: npm run test:full");
    const bootable = await makeBootable(path.join(CACHE, "bootable"));
    const files = [bootable.base, bootable.updates].flatMap((each) => packagesIn(path.join(each, "Packages")));
    expect(files.length).toBeGreaterThan(200);
    await compareAll(files, path.join(CACHE, "bootable/key.asc"));
  });
});
