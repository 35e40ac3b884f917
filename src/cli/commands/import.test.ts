import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { run } from "../run.ts";

const fixtures = path.join(import.meta.dirname, "../../../test/fixtures/import");
const accounts = path.join(fixtures, "imageconfigs/accounts-and-networks.json");

async function call(...words: readonly string[]) {
  let out = "";
  let error = "";
  const streams = {
    writeOut: (text: string) => void (out += text),
    writeError: (text: string) => void (error += text),
  };
  const exitCode = await run(testHost(new Date(0)), ["import", ...words], streams);
  return { exitCode, out, error };
}

describe("import", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), "import-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("prints the template, and the notes beside it, without a password", async () => {
    const { exitCode, out, error } = await call(accounts);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^# yaml-language-server: \$schema=.*\/?schema\/os-image-template\.schema\.json\n/);
    expect(out).toContain("# Imported from the Azure Linux imageconfig accounts-and-networks.json.");
    expect(out).toContain("password: ${ADMIN_PASSWORD}");
    expect(error).toContain("accounts-and-networks.json:35:40: dropped: SystemConfigs[0].Networks[3].Device");
    expect(error).toContain('The password of "admin" is not written: set ADMIN_PASSWORD when you build');
    expect(out + error).not.toContain("do-not-show");
  });

  it("prints template and notes as JSON", async () => {
    const { exitCode, out } = await call("--json", path.join(fixtures, "build-specifications/minimal-system.yml"));
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      template: { image: { name: "minimal-system" }, target: { os: "ubuntu", dist: "ubuntu24" } },
      notes: expect.arrayContaining([
        expect.objectContaining({ path: "image.base.version", kind: "changed" }),
      ]) as unknown,
    });
  });

  it("writes a file with paths as seen from there, and never over another one unasked", async () => {
    const file = path.join(directory, "new.yml");
    const config = path.join(fixtures, "imageconfigs/marketplace-gen1-fips.json");
    expect(await call(config, "-o", file)).toMatchObject({ exitCode: 0, out: "" });
    const text = await readFile(file, "utf8");
    expect(text).toContain(`local: ${path.relative(directory, path.join(fixtures, "files/chrony.conf"))}`);

    await writeFile(file, "mine\n");
    const refused = await call(config, "-o", file);
    expect(refused.exitCode).toBe(2);
    expect(refused.error).toContain("it already exists");
    expect(await readFile(file, "utf8")).toBe("mine\n");
    expect((await call(config, "-o", file, "--force")).exitCode).toBe(0);
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("keeps passwords on demand, in a file that only its owner reads", async () => {
    const file = path.join(directory, "new.yml");
    expect((await call(accounts, "-o", file, "--keep-passwords")).exitCode).toBe(0);
    expect(await readFile(file, "utf8")).toContain("password: do-not-show-2");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("ends with code 2 and writes nothing when the file is wrong", async () => {
    const config = path.join(directory, "wrong.json");
    await writeFile(config, '{"SystemConfigs": [{"Name": 1}]}');
    const { exitCode, error } = await call(config, "-o", path.join(directory, "new.yml"));
    expect(exitCode).toBe(2);
    expect(error).toContain("SystemConfigs[0].Name: found a number; expected a text");
    expect(error).toContain("there are neither Packages nor PackageLists");
    expect(await readdir(directory)).toEqual(["wrong.json"]);
  });
});
