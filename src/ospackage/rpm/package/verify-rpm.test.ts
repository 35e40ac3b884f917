import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { enums, type PrivateKey, generateKey, revokeKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RpmRecord, rpmOf } from "../../../../test/fixtures/make-rpm.ts";
import { type RpmSigner, signerOf, signerOfVersion3 } from "../../../../test/fixtures/sign-rpm.ts";
import { nodeFiles } from "../../../host/index.ts";
import { readTrustedKeys } from "../../openpgp/index.ts";
import { checkRpm, verifyRpm } from "./verify-rpm.ts";

const KEY_DATE = new Date("2026-01-01T00:00:00Z");
const SIGNING_DATE = new Date("2026-01-05T00:00:00Z");
const NOW = new Date("2026-01-06T00:00:00Z");
const host = { files: nodeFiles };
const FILES = [{ path: "/usr/share/x", content: "hello".repeat(10_000) }];

let sandbox: string;
let rsa: PrivateKey;
let other: PrivateKey;

beforeAll(async () => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "verify-rpm-"));
  [rsa, other] = await Promise.all([makeKey({ type: "rsa", rsaBits: 2048 }), makeKey({})]);
});
afterAll(() => fs.rmSync(sandbox, { recursive: true }));

async function makeKey(options: Partial<Parameters<typeof generateKey>[0]>): Promise<PrivateKey> {
  const plain = { type: "ecc", curve: "ed25519Legacy" } as const;
  const made = await generateKey({
    userIDs: { name: "x" },
    date: KEY_DATE,
    ...(options.type === undefined ? plain : {}),
    ...options,
    format: "object",
  });
  return (made as unknown as { readonly privateKey: PrivateKey }).privateKey;
}

async function verify(
  record: Partial<RpmRecord>,
  keys: readonly PrivateKey[],
  now = NOW,
  change = (bytes: Buffer) => bytes,
  validAt?: Date,
) {
  const file = path.join(sandbox, "x.rpm");
  fs.writeFileSync(file, change(await rpmOf({ name: "x", files: FILES, ...record })));
  const keyFiles = keys.map((key, index) => {
    const keyFile = path.join(sandbox, `${index}.asc`);
    fs.writeFileSync(keyFile, key.toPublic().armor());
    return { file: keyFile, fingerprints: [] };
  });
  const options = validAt === undefined ? {} : { validAt };
  return verifyRpm(host, file, await readTrustedKeys(host, keyFiles), now, options);
}

const signed = (key: PrivateKey, date = SIGNING_DATE): Partial<RpmRecord> => ({
  signatures: { dsaHeader: signerOf(key, date) },
});

describe("verifyRpm()", () => {
  it.each<[string, Partial<Parameters<typeof generateKey>[0]>]>([
    ["RSA", { type: "rsa", rsaBits: 2048 }],
    ["Ed25519 of version 4", {}],
    ["Ed25519 of version 6", { type: "curve25519", config: { v6Keys: true } }],
    ["ECDSA over P-256", { type: "ecc", curve: "nistP256" }],
    ["ECDSA over P-384", { type: "ecc", curve: "nistP384" }],
    ["ECDSA over P-521", { type: "ecc", curve: "nistP521" }],
    ["a signing subkey", { subkeys: [{ sign: true }] }],
  ])("takes a signature by %s, over the header and over all, binary and base64", async (_, options) => {
    const key = await makeKey(options);
    const signer = signerOf(key, SIGNING_DATE);
    const fingerprint = key.getFingerprint().toUpperCase();
    for (const signatures of [{ dsaHeader: signer }, { gpg: signer }, { openPgp: [signer] }]) {
      expect((await verify({ signatures }, [key])).signedBy).toBe(fingerprint);
      await expect(verify({ signatures }, [other])).rejects.toMatchObject({ code: "PACKAGE_KEY_UNKNOWN" });
    }
    const lying = lyingSigner(signer);
    for (const signatures of [{ dsaHeader: lying }, { gpg: lying }, { openPgp: [lying] }]) {
      await expect(verify({ signatures }, [key])).rejects.toMatchObject({ code: "PACKAGE_SIGNATURE_INVALID" });
    }
  });

  it.each([["sha256"], ["sha512"]] as const)("takes version 3 by RSA with %s", async (hash) => {
    const signer = signerOfVersion3(rsa, SIGNING_DATE, hash);
    for (const signatures of [{ rsaHeader: signer }, { pgp: signer }]) {
      expect((await verify({ signatures }, [other, rsa])).signedBy).toBe(rsa.getFingerprint().toUpperCase());
    }
    const wrong = verify({ signatures: { rsaHeader: lyingSigner(signer) } }, [rsa]);
    await expect(wrong).rejects.toMatchObject({ code: "PACKAGE_SIGNATURE_INVALID" });
    await expect(wrong).rejects.toThrowError("does not fit: the digest is another");
  });

  it("refuses version 3 with a changed number, an earlier date or another type", async () => {
    const changes: [number, string][] = [
      [-1, "does not fit"],
      // The time, after header (3) and version, length, type.
      [8, "does not fit"],
      [5, "no signature of it counts"],
    ];
    for (const [at, message] of changes) {
      const signer: RpmSigner = async (bytes) => {
        const packet = Buffer.from(await signerOfVersion3(rsa, SIGNING_DATE)(bytes));
        const place = (at + packet.length) % packet.length;
        packet[place] = (packet[place] ?? 0) ^ 1;
        return packet;
      };
      const verifying = verify({ signatures: { rsaHeader: signer } }, [rsa]);
      await expect(verifying).rejects.toMatchObject({ code: "PACKAGE_SIGNATURE_INVALID" });
      await expect(verifying).rejects.toThrowError(message);
    }
  });

  it("gives the facts of the bytes that were verified", async () => {
    const { rpm } = await verify(signed(other), [other]);
    expect([rpm.name, rpm.files.length]).toEqual(["x", 1]);
  });

  it("goes on with a key that expired since it was judged, and with none that was expired or is revoked", async () => {
    const [now, same] = [new Date("2026-03-01T00:00:00Z"), (bytes: Buffer) => bytes];
    const expiring = await makeKey({ keyExpirationTime: 10 * 24 * 3600 });
    const at = (day: string): Promise<unknown> =>
      verify(signed(expiring), [expiring], now, same, new Date(`${day}T00:00:00Z`));
    await expect(at("2026-01-08")).resolves.toBeDefined();
    // Metadata may lie about their age: the signature was made when the key was good.
    await expect(at("1970-01-01")).resolves.toBeDefined();
    await expect(at("2026-02-01")).rejects.toMatchObject({ code: "PACKAGE_KEY_UNUSABLE" });
    // One that is good now needs no other time.
    const soon = verify(signed(expiring), [expiring], NOW, same, new Date("2100-01-01T00:00:00Z"));
    await expect(soon).resolves.toBeDefined();
    const { privateKey: revoked } = await revokeKey({
      ...{ key: other, date: new Date("2026-02-20T00:00:00Z"), format: "object" },
      reasonForRevocation: { flag: enums.reasonForRevocation.keyRetired },
    });
    const judged = verify(signed(other), [revoked], now, same, SIGNING_DATE);
    await expect(judged).rejects.toMatchObject({ code: "PACKAGE_KEY_UNUSABLE" });
  });

  it("refuses by the reason that is nearest to trust", async () => {
    const expiring = await makeKey({ keyExpirationTime: 10 * 24 * 3600 });
    const { privateKey: revoked } = await revokeKey({ key: other, date: NOW, format: "object" });
    const later = new Date("2026-02-01T00:00:00Z");
    expect((await verify(signed(expiring), [expiring])).signedBy).toMatch(/^[0-9A-F]{40}$/);
    const cases: [string, () => Promise<unknown>, string, RegExp][] = [
      ["unsigned", () => verify({}, [other]), "PACKAGE_SIGNATURE_MISSING", /it is not signed/],
      ["unknown", () => verify(signed(rsa), [other]), "PACKAGE_KEY_UNKNOWN", /no signature is by a key/],
      ["no keys at all", () => verify(signed(rsa), []), "PACKAGE_KEY_UNKNOWN", /no signature is by a key/],
      ["expired", () => verify(signed(expiring), [expiring], later), "PACKAGE_KEY_UNUSABLE", /expired, revoked/],
      ["revoked", () => verify(signed(other), [revoked], later), "PACKAGE_KEY_UNUSABLE", /expired, revoked/],
      ["from the future", () => verify(signed(other, later), [other]), "PACKAGE_SIGNATURE_INVALID", /counts/],
      [
        "SHA-1",
        () => verify({ signatures: { rsaHeader: signerOfVersion3(rsa, SIGNING_DATE, "sha1") } }, [rsa]),
        "PACKAGE_SIGNATURE_INVALID",
        /counts/,
      ],
      [
        "no signature at all in its place",
        () => verify({ signatures: { rsaHeader: async () => Buffer.from("nonsense") } }, [rsa]),
        "PACKAGE_SIGNATURE_INVALID",
        /counts/,
      ],
      [
        "nothing signed about the payload",
        () => verify({ ...signed(other), withoutTags: [5092, 5097] }, [other]),
        "PACKAGE_SIGNATURE_MISSING",
        /over its header only/,
      ],
      [
        "a payload digest that can be forged",
        () => verify({ ...signed(other), tags: [{ tag: 5093, type: "int32", values: [2] }] }, [other]),
        "PACKAGE_SIGNATURE_MISSING",
        /over its header only/,
      ],
    ];
    for (const [name, action, code, message] of cases) {
      const error: unknown = await action().catch((reason: unknown) => reason);
      expect([name, error]).toEqual([
        name,
        expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
      ]);
    }
  });

  it("takes one good signature among those of others, and none beside a bad one by a trusted key", async () => {
    const [mine, theirs] = [signerOf(other, SIGNING_DATE), signerOf(rsa, SIGNING_DATE)];
    expect((await verify({ signatures: { dsaHeader: mine, rsaHeader: theirs } }, [other])).signedBy).toBe(
      other.getFingerprint().toUpperCase(),
    );
    for (const signatures of [
      { dsaHeader: mine, rsaHeader: lyingSigner(theirs) },
      { dsaHeader: mine, pgp: lyingSigner(theirs) },
    ]) {
      await expect(verify({ signatures }, [other, rsa])).rejects.toMatchObject({ code: "PACKAGE_SIGNATURE_INVALID" });
      await expect(verify({ signatures }, [other])).resolves.toBeDefined();
    }
  });

  it("refuses a changed header or payload, with and without the digests that tell it first", async () => {
    const flip = (marker: string) => (bytes: Buffer) => {
      const at = marker === "" ? bytes.length - 10 : bytes.lastIndexOf(marker);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    };
    const over = (place: "dsaHeader" | "gpg"): Partial<RpmRecord> => ({
      signatures: { [place]: signerOf(other, SIGNING_DATE) },
    });
    const cases: [Partial<RpmRecord>, string, string][] = [
      [over("dsaHeader"), "The package x", "PACKAGE_HEADER_MISMATCH"],
      [over("dsaHeader"), "", "PACKAGE_DIGEST_MISMATCH"],
      [{ ...over("dsaHeader"), withoutSignatureTags: [273] }, "The package x", "PACKAGE_SIGNATURE_INVALID"],
      [{ ...over("gpg"), withoutSignatureTags: [273] }, "The package x", "PACKAGE_SIGNATURE_INVALID"],
      [{ ...over("gpg"), withoutTags: [5092, 5097] }, "", "PACKAGE_SIGNATURE_INVALID"],
    ];
    for (const [record, marker, code] of cases) {
      await expect(verify(record, [other])).resolves.toBeDefined();
      await expect(verify(record, [other], NOW, flip(marker))).rejects.toMatchObject({ code });
    }
  });

  it("refuses a file that was cut or has more than it says", async () => {
    for (const change of [
      (bytes: Buffer) => bytes.subarray(0, -1),
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]),
    ]) {
      await expect(verify(signed(other), [other], NOW, change)).rejects.toThrowError(/header and payload have/);
    }
  });
});

describe("checkRpm()", () => {
  it("checks the digests of packages that nobody has to have signed", async () => {
    const file = path.join(sandbox, "y.rpm");
    const good = await rpmOf({ name: "y", files: FILES });
    fs.writeFileSync(file, good);
    const { rpm, sizeBytes, sha256 } = await checkRpm(host, file);
    expect(rpm.name).toBe("y");
    expect([sizeBytes, sha256]).toEqual([good.length, await nodeFiles.sha256(file)]);
    good[good.length - 10] = (good[good.length - 10] ?? 0) ^ 1;
    fs.writeFileSync(file, good);
    await expect(checkRpm(host, file)).rejects.toMatchObject({ code: "PACKAGE_DIGEST_MISMATCH" });
    const signal = AbortSignal.abort();
    await expect(checkRpm(host, file, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});

/** Signs something else. */
function lyingSigner(signer: RpmSigner): RpmSigner {
  return () => signer(Buffer.from("another text"));
}
