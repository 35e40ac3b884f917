import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import { createHttpClient, nodeFiles, systemClock } from "../../src/host/index.ts";
import { hostMirrorFor, readHostMirrors, verifySignature } from "../../src/ospackage/index.ts";

/** gpgv is the judge of signatures that apt asks; gpg makes signatures that our library had no hand in. */

const KEYS = path.join(import.meta.dirname, "../../config/osv/debian/keys");
const ARCHIVE = ["trixie-automatic", "trixie-stable", "bookworm-automatic", "bookworm-stable"];
const SECURITY = ["trixie-security-automatic", "bookworm-security-automatic"];
const SUITES = [
  ["trixie", ARCHIVE],
  ["trixie-updates", ARCHIVE],
  ["trixie-security", SECURITY],
  ["bookworm", ARCHIVE],
  ["bookworm-security", SECURITY],
] as const;

let directory: string;
const inReleases = new Map<string, Buffer>();

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "openpgp-oracle-"));
  const mirrors = await readHostMirrors({ files: nodeFiles });
  const http = createHttpClient();
  for (const [suite] of SUITES) {
    const mirror = hostMirrorFor(mirrors, suite);
    if (mirror === undefined) throw new Error(`this host's apt sources name no mirror for ${suite}`);
    const response = await http.get({ url: `${mirror}/dists/${suite}/InRelease` });
    const pieces: Uint8Array[] = [];
    for await (const piece of response.body) pieces.push(piece);
    inReleases.set(suite, Buffer.concat(pieces));
  }
  await http.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const keyFile = (name: string): string => path.join(KEYS, `debian-archive-${name}.asc`);

interface Verdict {
  /** Fingerprints of the primary keys whose signatures are valid. */
  readonly valid: readonly string[];
  readonly hasBad: boolean;
  readonly text: string;
}

function gpgv(message: Uint8Array, keyFiles: readonly string[]): Verdict {
  const [keyring, file, output] = ["keyring.gpg", "message", "text"].map((name) => path.join(directory, name));
  if (keyring === undefined || file === undefined || output === undefined) throw new Error("unreachable");
  writeFileSync(keyring, Buffer.concat(keyFiles.map((name) => dearmored(readFileSync(name, "latin1")))));
  writeFileSync(file, message);
  rmSync(output, { force: true });
  const argv = ["--status-fd", "1", "--keyring", keyring, "--output", output, file];
  const { stdout, error } = spawnSync("gpgv", argv, { encoding: "utf8" });
  if (error !== undefined) throw error;
  const valid = [...stdout.matchAll(/^\[GNUPG:\] VALIDSIG .* ([0-9A-F]+)$/gm)].map(
    ([, fingerprint = ""]) => fingerprint,
  );
  const text = valid.length > 0 ? readFileSync(output, "utf8") : "";
  return { valid, hasBad: stdout.includes("[GNUPG:] BADSIG"), text };
}

async function ours(message: Uint8Array, keyFiles: readonly string[]) {
  const keys = keyFiles.map((file) => ({ file, fingerprints: [] }));
  const host = { files: nodeFiles, clock: systemClock };
  try {
    return await verifySignature(host, { kind: "cleartext", content: message }, keys, "it");
  } catch (error) {
    if (isComposerError(error)) return undefined;
    throw error;
  }
}

/** gpgv ends the text with a newline that is no part of what was signed. */
function withoutLastNewline(text: string): string {
  return text.replace(/\n$/, "");
}

describe("verifySignature() and gpgv", () => {
  it.each(SUITES)("agree on %s, with all keys and with each alone", async (suite, names) => {
    const message = inReleaseOf(suite);
    for (const files of [names.map(keyFile), ...[...ARCHIVE, ...SECURITY].map((name) => [keyFile(name)])]) {
      const expected = gpgv(message, files);
      const verified = await ours(message, files);
      expect(verified === undefined).toBe(expected.valid.length === 0);
      if (verified === undefined) continue;
      expect(expected.valid).toContain(verified.signedBy);
      expect(withoutLastNewline(verified.text)).toBe(withoutLastNewline(expected.text));
    }
  });

  it("agree on changes of the text", async () => {
    const message = inReleaseOf("trixie-updates");
    const files = ARCHIVE.map(keyFile);
    expect(gpgv(message, files).valid.length).toBeGreaterThan(0);
    let refused = 0;
    const [from, to] = [message.indexOf("\n\n") + 2, message.indexOf("-----BEGIN PGP SIGNATURE")];
    for (let number = 0; number < 60; number += 1) {
      const changed = Buffer.from(message);
      const at = from + Math.floor(((to - from) * number) / 60);
      changed[at] = (changed[at] ?? 0) ^ (1 << (number % 7));
      const expected = gpgv(changed, files);
      const accepted = expected.valid.length > 0 && !expected.hasBad;
      if (!accepted) refused += 1;
      expect([number, (await ours(changed, files)) !== undefined]).toEqual([number, accepted]);
    }
    expect(refused).toBeGreaterThan(50);
  });

  it("never give another text, whatever is changed in the signature", async () => {
    const message = inReleaseOf("trixie-security");
    const files = SECURITY.map(keyFile);
    const text = (await ours(message, files))?.text;
    expect(text).toContain("Codename: trixie-security");
    const from = message.indexOf("-----BEGIN PGP SIGNATURE");
    for (let number = 0; number < 60; number += 1) {
      const changed = Buffer.from(message);
      const at = from + Math.floor(((message.length - from) * number) / 60);
      changed[at] = (changed[at] ?? 0) ^ (1 << (number % 7));
      const verified = await ours(changed, files);
      if (verified !== undefined) expect(verified.text).toBe(text);
      const expected = gpgv(changed, files);
      if (expected.hasBad && expected.valid.length === 0) expect([number, verified]).toEqual([number, undefined]);
    }
  });

  it("differ on what stands around the signed text: we refuse it, gpgv leaves it out", async () => {
    const message = inReleaseOf("trixie-updates");
    const files = ARCHIVE.map(keyFile);
    for (const framed of [Buffer.concat([Buffer.from("x\n"), message]), Buffer.concat([message, Buffer.from("x\n")])]) {
      expect(gpgv(framed, files).valid.length).toBeGreaterThan(0);
      expect(await ours(framed, files)).toBeUndefined();
    }
  });
});

describe("verifySignature() of what gpg signed", () => {
  const text = "Origin: Test\n- dash\n-----BEGIN x-----\nFrom here\ntrailing \t \n\nLast: ünïcode\n";
  let gpgHome: string;

  beforeAll(() => {
    gpgHome = path.join(directory, "gnupg");
    mkdirSync(gpgHome, { mode: 0o700 });
  });
  afterAll(() => void spawnSync("gpgconf", ["--homedir", gpgHome, "--kill", "all"]));

  const gpg = (args: readonly string[], input = ""): Buffer => {
    const argv = ["--homedir", gpgHome, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", ...args];
    const { status, stdout, stderr } = spawnSync("gpg", argv, { input });
    if (status !== 0) throw new Error(stderr.toString());
    return stdout;
  };
  const makeKey = (algorithm: string): string => {
    const user = `${algorithm}@example.org`;
    gpg(["--quick-generate-key", user, algorithm, "sign", "never"]);
    const file = path.join(directory, `${algorithm}.asc`);
    writeFileSync(file, gpg(["--armor", "--export", user]));
    return file;
  };

  it.each([
    ["ed25519", "SHA256", true],
    ["rsa3072", "SHA512", true],
    ["rsa2048", "SHA256", true],
    ["nistp256", "SHA384", true],
    ["rsa2048", "SHA1", false],
  ])("by %s with %s", async (algorithm, hash, accepted) => {
    const file = makeKey(algorithm);
    const signing = ["--local-user", `${algorithm}@example.org`, "--digest-algo", hash];
    const message = gpg([...signing, "--clear-sign"], text);
    const verified = await ours(message, [file]);
    expect(verified !== undefined).toBe(accepted);
    if (verified === undefined) return;
    expect(withoutLastNewline(verified.text)).toBe(withoutLastNewline(gpgv(message, [file]).text));

    const signature = gpg([...signing, "--armor", "--detach-sign"], text);
    const detached = { kind: "detached", content: Buffer.from(text), signature } as const;
    const host = { files: nodeFiles, clock: systemClock };
    expect((await verifySignature(host, detached, [{ file, fingerprints: [] }], "it")).text).toBe(text);
  });
});

function inReleaseOf(suite: string): Buffer {
  const content = inReleases.get(suite);
  if (content === undefined) throw new Error(`no InRelease of ${suite}`);
  return content;
}

function dearmored(armored: string): Buffer {
  const blocks = armored.matchAll(
    /-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[^\n]+\n)*\n([^]*?)\n(?:=.{4}\n)?-----END/g,
  );
  return Buffer.concat([...blocks].map(([, base64 = ""]) => Buffer.from(base64, "base64")));
}
