import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { type PrivateKey, generateKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../fixtures/make-rpm.ts";
import { signerOf, signerOfVersion3 } from "../fixtures/sign-rpm.ts";
import { isComposerError } from "../../src/core/index.ts";
import { createProcessRunner, createTreeWriter, nodeFiles } from "../../src/host/index.ts";
import { readTrustedKeys } from "../../src/ospackage/openpgp/index.ts";
import { readRpmPackage, unpackRpm, verifyRpm } from "../../src/ospackage/rpm/package/index.ts";
import { type RpmPrograms, createRpmPrograms } from "./rpm-programs.ts";

const host = { files: nodeFiles, processes: createProcessRunner() };
const KEY_DATE = new Date("2024-01-01T00:00:00Z");
const SIGNING_DATE = new Date("2024-06-01T00:00:00Z");
const SPEC = fs.readFileSync(path.join(import.meta.dirname, "rpm-everything.spec"), "utf8");
const RECORD: RpmRecord = {
  name: "made",
  files: [
    { path: "/usr/share/made", mode: 0o40755 },
    { path: "/usr/share/made/a", content: "hello\n" },
    { path: "/usr/share/made/b", content: "linked", inode: 7 },
    { path: "/usr/share/made/c", content: "linked", inode: 7 },
    { path: "/usr/share/made/link", mode: 0o120777, linkTarget: "a" },
    { path: "/var/made", flags: 64 },
  ],
  provides: ["made(x) = 1"],
  compressor: "zstd",
};

let sandbox: string;
let rpm: RpmPrograms;
let gpgHome: string;
const keyFiles: string[] = [];
let [rsa, ed25519, expired, stranger]: (PrivateKey | undefined)[] = [];

beforeAll(async () => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "rpm-signatures-"));
  rpm = createRpmPrograms(sandbox);
  gpgHome = path.join(sandbox, "gnupg");
  fs.mkdirSync(gpgHome, { mode: 0o700 });
  const made = (type: "rsa" | "ecc", keyExpirationTime = 0): Promise<{ privateKey: PrivateKey }> =>
    generateKey({
      userIDs: { name: `${type} ${keyExpirationTime}` },
      date: KEY_DATE,
      keyExpirationTime,
      format: "object",
      ...(type === "rsa" ? { type, rsaBits: 2048 } : { type, curve: "ed25519Legacy" }),
    });
  const keys = await Promise.all([made("rsa"), made("ecc"), made("ecc", 365 * 24 * 3600), made("rsa")]);
  [rsa, ed25519, expired, stranger] = keys.map(({ privateKey }) => privateKey);
  for (const { privateKey } of keys.slice(0, 3)) {
    const file = path.join(sandbox, `${privateKey.getKeyID().toHex()}.asc`);
    fs.writeFileSync(file, privateKey.toPublic().armor());
    keyFiles.push(file);
  }
  for (const algorithm of ["rsa3072", "ed25519"]) {
    gpg(["--quick-generate-key", `${algorithm}@example.org`, algorithm, "sign", "never"]);
    const file = path.join(sandbox, `${algorithm}.asc`);
    fs.writeFileSync(file, gpg(["--armor", "--export", `${algorithm}@example.org`]));
    keyFiles.push(file);
  }
  // rpm does not even take the expired one.
  rpm.importKeys(keyFiles.filter((file) => !file.endsWith(`${known(expired).getKeyID().toHex()}.asc`)));
});
afterAll(() => {
  execFileSync("gpgconf", ["--homedir", gpgHome, "--kill", "all"]);
  fs.rmSync(sandbox, { recursive: true, force: true });
});

function gpg(args: readonly string[]): Buffer {
  const fixed = ["--homedir", gpgHome, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
  return execFileSync("gpg", [...fixed, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

function rpmsign(file: string, user: string, ...more: readonly string[]): void {
  const defines = { __gpg: "/usr/bin/gpg", _gpg_name: user, _gpg_path: gpgHome, _gpg_digest_algo: "sha256" };
  const args = Object.entries(defines).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  rpm.run(["rpmsign", "--addsign", ...args, ...more, file]);
}

function known(key: PrivateKey | undefined): PrivateKey {
  if (key === undefined) throw new Error("no key");
  return key;
}

/** The error code of our verdict, or the signer. */
async function verdictOf(file: string): Promise<string> {
  const keys = await readTrustedKeys(
    { files: nodeFiles },
    keyFiles.map((keyFile) => ({ file: keyFile, fingerprints: [] })),
  );
  try {
    return (await verifyRpm(host, file, keys, new Date())).signedBy;
  } catch (error) {
    if (isComposerError(error)) return error.code;
    throw error;
  }
}

const FINGERPRINT = /^[0-9A-F]{40}$/;

async function written(name: string, record: RpmRecord): Promise<string> {
  const file = path.join(sandbox, `${name}.rpm`);
  fs.writeFileSync(file, await rpmOf(record));
  return file;
}

describe("verifyRpm() and rpm -K", () => {
  it.each([
    ["rsa3072@example.org", []],
    ["rsa3072@example.org", ["--rpmv3"]],
    ["ed25519@example.org", []],
  ] as const)("accept what rpmsign signed by %s %j", async (user, more) => {
    const file = rpm.build(SPEC);
    expect([rpm.check(file).accepted, await verdictOf(file)]).toEqual([false, "PACKAGE_SIGNATURE_MISSING"]);
    rpmsign(file, user, ...more);
    expect(rpm.check(file).text).toMatch(/: digests signatures OK\n$/);
    expect(await verdictOf(file)).toMatch(FINGERPRINT);
  });

  it("agree on packages that are signed in every way", async () => {
    const [four, three] = [signerOf(known(rsa), SIGNING_DATE), signerOfVersion3(known(rsa), SIGNING_DATE)];
    const eddsa = signerOf(known(ed25519), SIGNING_DATE);
    const foreign = signerOf(known(stranger), SIGNING_DATE);
    const cases: [string, Partial<RpmRecord>, string | RegExp][] = [
      ["v4 RSA", { signatures: { rsaHeader: four } }, FINGERPRINT],
      ["v3 RSA", { signatures: { rsaHeader: three } }, FINGERPRINT],
      [
        "v3 RSA with SHA-512",
        { signatures: { rsaHeader: signerOfVersion3(known(rsa), SIGNING_DATE, "sha512") } },
        FINGERPRINT,
      ],
      ["Ed25519", { signatures: { dsaHeader: eddsa } }, FINGERPRINT],
      ["v4 RSA over all", { signatures: { pgp: four } }, FINGERPRINT],
      ["v3 RSA over all", { signatures: { pgp: three } }, FINGERPRINT],
      ["Ed25519 over all", { signatures: { gpg: eddsa } }, FINGERPRINT],
      ["all of them", { signatures: { rsaHeader: three, dsaHeader: eddsa, pgp: three, gpg: eddsa } }, FINGERPRINT],
      [
        "over all, without payload digests",
        { signatures: { pgp: four }, withoutTags: [5092, 5093, 5097] },
        FINGERPRINT,
      ],
      ["a payload that is kept decompressed", { signatures: { rsaHeader: four }, storedPlain: true }, FINGERPRINT],
      [
        "without payload digests",
        { signatures: { rsaHeader: four }, withoutTags: [5092, 5093, 5097] },
        "PACKAGE_SIGNATURE_MISSING",
      ],
      ["unsigned", {}, "PACKAGE_SIGNATURE_MISSING"],
      ["by an unknown key", { signatures: { rsaHeader: foreign } }, "PACKAGE_KEY_UNKNOWN"],
      ["by an unknown key over all", { signatures: { pgp: foreign } }, "PACKAGE_KEY_UNKNOWN"],
      [
        "by an expired key",
        { signatures: { dsaHeader: signerOf(known(expired), SIGNING_DATE) } },
        "PACKAGE_KEY_UNUSABLE",
      ],
      ["of another text", { signatures: { rsaHeader: () => four(Buffer.from("x")) } }, "PACKAGE_SIGNATURE_INVALID"],
      ["v3 of another text", { signatures: { rsaHeader: () => three(Buffer.from("x")) } }, "PACKAGE_SIGNATURE_INVALID"],
      [
        "over all of another text",
        { signatures: { rsaHeader: four, pgp: () => three(Buffer.from("x")) } },
        "PACKAGE_SIGNATURE_INVALID",
      ],
    ];
    for (const [name, changes, expected] of cases) {
      const file = await written("case", { ...RECORD, ...changes });
      const [ours, theirs] = [await verdictOf(file), rpm.check(file)];
      expect([name, ours]).toEqual([
        name,
        typeof expected === "string" ? expected : (expect.stringMatching(expected) as string),
      ]);
      expect([name, theirs.accepted]).toEqual([name, FINGERPRINT.test(ours)]);
    }
  });

  it("differ where we are stricter: SHA-1", async () => {
    const cases: [Partial<RpmRecord>, string][] = [
      [{ signatures: { rsaHeader: signerOfVersion3(known(rsa), SIGNING_DATE, "sha1") } }, "PACKAGE_SIGNATURE_INVALID"],
    ];
    for (const [changes, expected] of cases) {
      const file = await written("stricter", { ...RECORD, ...changes });
      expect([rpm.check(file).accepted, await verdictOf(file)]).toEqual([true, expected]);
    }
  });

  it("refuse every flipped byte of header and payload, and agree on the signature header but for MD5 and SHA-1", async () => {
    const file = await written("flipped", { ...RECORD, signatures: { rsaHeader: signerOf(known(rsa), SIGNING_DATE) } });
    const good = fs.readFileSync(file);
    const entry = (tag: number): number => good.indexOf(int32(tag), 96 + 16);
    const signatureEnd = 96 + 16 + good.readUInt32BE(96 + 8) * 16 + good.readUInt32BE(96 + 12);
    const start = Math.ceil(signatureEnd / 8) * 8;
    const spanOf = (tag: number, sizeBytes: number): readonly [number, number] => {
      const from = 96 + 16 + good.readUInt32BE(96 + 8) * 16 + good.readUInt32BE(entry(tag) + 8);
      return [from, from + sizeBytes];
    };
    const isIn = (at: number, [from, end]: readonly [number, number]): boolean => at >= from && at < end;
    const [sha1, md5, size] = [spanOf(269, 40), spanOf(1004, 16), spanOf(1000, 4)];
    const counts = { flips: 0, "by SHA-1 or MD5": 0, "by the lead or the size": 0, accepted: 0 };
    for (let at = 0; at < good.length; at += at < start ? 3 : 17) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      fs.writeFileSync(file, bytes);
      const [ours, theirs] = [FINGERPRINT.test(await verdictOf(file)), rpm.check(file).accepted];
      counts.flips += 1;
      counts.accepted += Number(ours);
      // Nobody signs these digests, and both can be forged: they add nothing to those that count.
      const isForgeable = isIn(at, sha1) || isIn(at, md5);
      // rpm looks at the first bytes of the lead only, and not at the size.
      const isUnread = at < 96 || isIn(at, size);
      if (isForgeable && ours && !theirs) counts["by SHA-1 or MD5"] += 1;
      else if (isUnread && !ours && theirs) counts["by the lead or the size"] += 1;
      else expect([at, ours]).toEqual([at, theirs]);
      if (at >= start) expect([at, ours]).toEqual([at, false]);
    }
    expect(counts["by SHA-1 or MD5"]).toBeGreaterThan(10);
    expect(counts["by the lead or the size"]).toBeLessThan(5);
    expect(counts.accepted).toBeLessThan(counts.flips / 5);
  });
});

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

describe("what make-rpm.ts writes", () => {
  it("is a package to rpm: it queries it, checks it and installs the tree that we unpack", async () => {
    for (const compressor of ["gzip", "xz", "lzma", "zstd", "bzip2", ""] as const) {
      for (const largeFiles of [false, true]) {
        const file = await written("made", { ...RECORD, compressor, largeFiles });
        const ours = await readRpmPackage(host, file);
        expect(rpm.run(["rpm", "-qp", "--provides", file])).toBe(`${ours.provides.split("\t").sort().join("\n")}\n`);
        expect(rpm.run(["rpm", "-qlp", file])).toBe(ours.files.map((one) => `${one.path}\n`).join(""));
        expect(rpm.check(file).text).toMatch(/: digests OK\n$/);
        const [installed, unpacked] = ["installed-", "unpacked-"].map((name) =>
          fs.mkdtempSync(path.join(sandbox, name)),
        );
        if (installed === undefined || unpacked === undefined) throw new Error("unreachable");
        const own = ["--root", installed, "--dbpath", "/database", "--define", "_rpmlock_path /database/.lock"];
        rpm.run(["rpm", "--force-debian", ...own, "--nodeps", "-i", file]);
        const tree = createTreeWriter(unpacked, { setOwners: true });
        await unpackRpm(host, file, tree);
        tree.finish();
        for (const name of ["database", "tmp"]) fs.rmSync(path.join(installed, name), { recursive: true, force: true });
        expect(describeTree(unpacked)).toEqual(describeTree(installed));
      }
    }
  });
});

function describeTree(root: string): string[] {
  const names = fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  return names.map((name) => {
    const file = path.join(root, name);
    const stat = fs.lstatSync(file);
    const content = stat.isFile() ? fs.readFileSync(file, "utf8") : stat.isSymbolicLink() ? fs.readlinkSync(file) : "";
    const { mode, uid, gid, nlink, mtimeMs } = stat;
    // rpm sets the time of a directory before it writes into it.
    const time = stat.isDirectory() ? "" : mtimeMs;
    return [name, mode.toString(8), uid, gid, nlink, time, content].join(" ");
  });
}
