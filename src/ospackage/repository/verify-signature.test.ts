import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { armor, enums, readSignature, revokeKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOW, type TestKey, makeKey, signCleartext, signDetached } from "../../../test/fixtures/signed-repository.ts";
import { testClock } from "../../../test/fixtures/test-host.ts";
import { isComposerError } from "../../core/index.ts";
import { nodeFiles } from "../../host/index.ts";
import type { TrustedKeyFile } from "./repository.ts";
import { type SignedMetadata, verifySignature } from "./verify-signature.ts";

const TEXT = "Origin: Test\n- a line with a dash\n-----BEGIN no PGP-----\nSuite: stable\t \nLast: line\n";
/** Trailing white space is no part of what a cleartext signature is over. */
const SIGNED_TEXT = "Origin: Test\n- a line with a dash\n-----BEGIN no PGP-----\nSuite: stable\nLast: line\n";

/** The last line of the details. */
const TRUSTED_KEYS: unknown = expect.stringMatching(/^Trusted here: [0-9A-F]{40}/);

let directory: string;
let alice: TestKey;
let bob: TestKey;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "verify-signature-"));
  [alice, bob] = await Promise.all([makeKey(), makeKey({ subkey: true })]);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function keyFile(name: string, content: string | Uint8Array, fingerprints: readonly string[] = []): TrustedKeyFile {
  const file = path.join(directory, name);
  writeFileSync(file, content);
  return { file, fingerprints };
}

function verify(message: string | SignedMetadata, keys: readonly TrustedKeyFile[], now = NOW) {
  const metadata: SignedMetadata =
    typeof message === "string" ? { kind: "cleartext", content: Buffer.from(message) } : message;
  return verifySignature({ files: nodeFiles, clock: testClock(now) }, metadata, keys, '"InRelease"');
}

async function signaturePackets(message: string): Promise<Uint8Array> {
  const armoredSignature = message.slice(message.indexOf("-----BEGIN PGP SIGNATURE"));
  return (await readSignature({ armoredSignature })).packets.write();
}

function withSignature(message: string, packets: Uint8Array): string {
  const head = message.slice(0, message.indexOf("-----BEGIN PGP SIGNATURE"));
  return head + armor(enums.armor.signature, packets);
}

describe("verifySignature() of InRelease", () => {
  it("returns the text without dash-escaping and the primary key", async () => {
    const verified = await verify(await signCleartext(TEXT, [alice]), [keyFile("a.asc", alice.armoredPublic)]);
    expect(verified).toEqual({ text: SIGNED_TEXT, signedBy: alice.fingerprint });
  });

  it("counts a signature by a subkey for its primary key", async () => {
    const message = await signCleartext(TEXT, [bob]);
    const [packet] = (await readSignature({ binarySignature: await signaturePackets(message) })).packets;
    expect(bob.fingerprint.endsWith(packet?.issuerKeyID.toHex().toUpperCase() ?? "")).toBe(false);
    const verified = await verify(message, [keyFile("b.asc", bob.armoredPublic, [bob.fingerprint])]);
    expect(verified.signedBy).toBe(bob.fingerprint);
  });

  it("ignores further signers that it doesn't know", async () => {
    const message = await signCleartext(TEXT, [bob, alice]);
    expect((await verify(message, [keyFile("a.asc", alice.armoredPublic)])).signedBy).toBe(alice.fingerprint);
  });

  it("refuses a text that only unknown keys signed, and names them", async () => {
    const verifying = verify(await signCleartext(TEXT, [bob]), [keyFile("a.asc", alice.armoredPublic)]);
    await expect(verifying).rejects.toMatchObject({ code: "REPOSITORY_KEY_UNKNOWN" });
    await expect(verifying).rejects.toMatchObject({
      details: [expect.stringContaining("not trusted here"), TRUSTED_KEYS],
    });
  });

  it("ignores a key of the file that is not pinned", async () => {
    const keys = keyFile("both.asc", `${alice.armoredPublic}\n${bob.armoredPublic}`, [bob.fingerprint.toLowerCase()]);
    await expect(verify(await signCleartext(TEXT, [alice]), [keys])).rejects.toMatchObject({
      code: "REPOSITORY_KEY_UNKNOWN",
    });
    expect((await verify(await signCleartext(TEXT, [bob]), [keys])).signedBy).toBe(bob.fingerprint);
  });

  it("refuses a text that does not fit the signature of a pinned key, even if another one's fits", async () => {
    const keys = [keyFile("both.asc", alice.armoredPublic + bob.armoredPublic)];
    const good = await signCleartext(TEXT, [alice]);
    const other = await signCleartext("another text", [bob]);
    const packets = Buffer.concat([await signaturePackets(good), await signaturePackets(other)]);
    await expect(verify(withSignature(good, packets), keys)).rejects.toThrowError(
      `Cannot trust "InRelease": its signature by ${bob.fingerprint} does not fit`,
    );
  });

  it.each([
    ["text before", (message: string) => `Suite: evil\n${message}`, "INVALID"],
    ["a blank line before", (message: string) => `\n${message}`, "INVALID"],
    ["text after", (message: string) => `${message}Suite: evil\n`, "INVALID"],
    ["a second message after", (message: string) => message + message, "INVALID"],
    ["another header", (message: string) => message.replace("Hash:", "Comment: x\nHash:"), "INVALID"],
    ["text among the headers", (message: string) => message.replace("\n\n", "\nSuite: evil\n\n"), "INVALID"],
    ["a line that is not dash-escaped", (message: string) => message.replace("- - a", "-a"), "INVALID"],
    ["carriage returns in a line", (message: string) => message.replace("Origin", "Or\rigin"), "INVALID"],
    ["a changed text", (message: string) => message.replace("stable", "unstable"), "INVALID"],
    ["no end", (message: string) => message.slice(0, -40), "INVALID"],
    ["no signature", () => TEXT, "MISSING"],
    ["nothing at all", () => "", "MISSING"],
  ])("refuses a message with %s", async (_, change, code) => {
    const verifying = verify(change(await signCleartext(TEXT, [alice])), [keyFile("a.asc", alice.armoredPublic)]);
    await expect(verifying).rejects.toMatchObject({ code: `REPOSITORY_SIGNATURE_${code}` });
  });

  it("never returns anything but the signed text, whatever byte is changed", async () => {
    const message = Buffer.from(await signCleartext(TEXT, [alice]));
    const keys = [keyFile("a.asc", alice.armoredPublic)];
    const change = fc.tuple(fc.nat(message.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const content = Buffer.from(message);
        for (const [at, difference] of changes) content[at] = (content[at] ?? 0) ^ difference;
        try {
          expect((await verify({ kind: "cleartext", content }, keys)).text).toBe(SIGNED_TEXT);
        } catch (error) {
          if (!isComposerError(error)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("verifySignature() at the current time", () => {
  const DAY_SECONDS = 24 * 3600;

  it("refuses a key that expired after it signed", async () => {
    const key = await makeKey({ expiresAfterSeconds: 10 * DAY_SECONDS });
    const message = await signCleartext(TEXT, [key]);
    const keys = [keyFile("e.asc", key.armoredPublic)];
    expect((await verify(message, keys)).signedBy).toBe(key.fingerprint);
    const later = verify(message, keys, new Date("2026-01-12T00:00:00Z"));
    await expect(later).rejects.toMatchObject({
      code: "REPOSITORY_KEY_UNUSABLE",
      details: [expect.stringContaining("expired"), TRUSTED_KEYS],
    });
  });

  it("refuses a revoked key, but takes another one's signature", async () => {
    const message = await signCleartext(TEXT, [alice, bob]);
    const { publicKey } = await revokeKey({ key: alice.privateKey, date: NOW, format: "object" });
    const revoked = keyFile("r.asc", publicKey.armor());
    await expect(verify(message, [revoked])).rejects.toMatchObject({
      details: [/revoked/, /not trusted/, /^Trusted here: /].map(matching),
    });
    const both = [revoked, keyFile("b.asc", bob.armoredPublic)];
    expect((await verify(message, both)).signedBy).toBe(bob.fingerprint);
  });

  it("refuses a signature from the future", async () => {
    const message = await signCleartext(TEXT, [alice], new Date("2026-02-01T00:00:00Z"));
    await expect(verify(message, [keyFile("a.asc", alice.armoredPublic)])).rejects.toMatchObject({
      details: [expect.stringContaining("in the future"), TRUSTED_KEYS],
    });
  });

  it.each([
    [1, "MD5"],
    [2, "SHA-1"],
  ])("refuses hash algorithm %i", async (algorithm, name) => {
    const message = await signCleartext(TEXT, [alice]);
    const packets = Buffer.from(await signaturePackets(message));
    // Header of two bytes, then version, type, key algorithm, hash algorithm.
    packets[5] = algorithm;
    const weak = withSignature(message.replace(/^Hash: .*$/m, ""), packets).replace("\n\n\n", "\n\n");
    await expect(verify(weak, [keyFile("a.asc", alice.armoredPublic)])).rejects.toMatchObject({
      code: "REPOSITORY_SIGNATURE_INVALID",
      details: [expect.stringContaining(name), TRUSTED_KEYS],
    });
  });
});

describe("verifySignature() of Release and Release.gpg", () => {
  const content = Buffer.from(TEXT);

  it("returns the whole text", async () => {
    const signature = Buffer.from(await signDetached(TEXT, [bob]));
    const verified = await verify({ kind: "detached", content, signature }, [keyFile("b.asc", bob.armoredPublic)]);
    expect(verified).toEqual({ text: TEXT, signedBy: bob.fingerprint });
  });

  it("reads a signature that is not armored", async () => {
    const signature = await signaturePackets(await signDetached(TEXT, [alice]));
    const keys = [keyFile("a.asc", alice.armoredPublic)];
    expect((await verify({ kind: "detached", content, signature }, keys)).text).toBe(TEXT);
  });

  it.each([
    ["another text", "x", undefined, "REPOSITORY_SIGNATURE_INVALID"],
    ["an empty signature", undefined, "", "REPOSITORY_SIGNATURE_MISSING"],
    ["a signature that is none", undefined, "<html>", "REPOSITORY_SIGNATURE_INVALID"],
  ])("refuses %s", async (_, text, given, code) => {
    const signature = Buffer.from(given ?? (await signDetached(TEXT, [alice])));
    const metadata: SignedMetadata = { kind: "detached", content: Buffer.from(text ?? TEXT), signature };
    await expect(verify(metadata, [keyFile("a.asc", alice.armoredPublic)])).rejects.toMatchObject({ code });
  });
});

describe("verifySignature() with key files", () => {
  it("reads binary keys", async () => {
    const binary = alice.privateKey.toPublic().write();
    expect((await verify(await signCleartext(TEXT, [alice]), [keyFile("a.pgp", binary)])).text).toBe(SIGNED_TEXT);
  });

  it.each([
    ["something else", "no key"],
    ["nothing", ""],
  ])("refuses a file with %s", async (_, content) => {
    const verifying = verify(await signCleartext(TEXT, [alice]), [keyFile("none.asc", content)]);
    await expect(verifying).rejects.toMatchObject({ code: "REPOSITORY_KEY_INVALID" });
  });

  it("refuses a file without a pinned key", async () => {
    const keys = [keyFile("a.asc", alice.armoredPublic, [alice.fingerprint, bob.fingerprint])];
    await expect(verify(await signCleartext(TEXT, [alice]), keys)).rejects.toMatchObject({
      code: "REPOSITORY_KEY_INVALID",
      message: expect.stringContaining(bob.fingerprint) as string,
    });
  });
});

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
