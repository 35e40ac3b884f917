import { createHash } from "node:crypto";

/** The crypt(5) schemes that this program hashes with. */
export type HashAlgorithm = "sha256" | "sha512";

/** Where the two published schemes differ; the rest of their text is the same. */
interface Scheme {
  readonly prefix: string;
  readonly sizeBytes: 32 | 64;
  /** By how many places each group of three bytes is turned to the left, per group. */
  readonly turn: 1 | 2;
}

const SCHEMES: Readonly<Record<HashAlgorithm, Scheme>> = {
  sha256: { prefix: "$5$", sizeBytes: 32, turn: 2 },
  sha512: { prefix: "$6$", sizeBytes: 64, turn: 1 },
};

const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
const MAX_ROUNDS = 999_999_999;
const MAX_SALT_LENGTH = 16;
const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export interface HashPasswordOptions {
  readonly algorithm?: HashAlgorithm;
  /** 5000, and not written into the hash, when absent. */
  readonly rounds?: number;
}

/**
 * Hashes a password for /etc/shadow.
 *
 * @param salt the first 16 characters count; it may not have `$` or `:` in it
 * @returns `$6$salt$hash` or `$5$salt$hash`
 * @see Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", https://www.akkadia.org/drepper/SHA-crypt.txt
 */
export function hashPassword(password: string, salt: string, options: HashPasswordOptions = {}): string {
  const { algorithm = "sha512", rounds: wantedRounds } = options;
  const rounds = Math.min(MAX_ROUNDS, Math.max(MIN_ROUNDS, wantedRounds ?? DEFAULT_ROUNDS));
  const usedSalt = salt.slice(0, MAX_SALT_LENGTH);
  const digest = stretch(algorithm, Buffer.from(password, "utf8"), Buffer.from(usedSalt, "utf8"), rounds);
  const stated = wantedRounds === undefined ? "" : `rounds=${rounds}$`;
  return `${SCHEMES[algorithm].prefix}${stated}${usedSalt}$${encode(digest, SCHEMES[algorithm])}`;
}

/** 16 characters that are always the same for a build and a user, and different for others. */
export function saltFor(buildKey: string, userName: string): string {
  const digest = createHash("sha512").update(`${buildKey}\0${userName}`, "utf8").digest();
  return [...digest.subarray(0, MAX_SALT_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

const HASH_PATTERNS: readonly RegExp[] = [
  /^\$(1|5|6|sha1)\$[^:\s]*\$[./0-9A-Za-z]{20,}$/,
  /^\$2[abxy]\$[0-9]{2}\$[./0-9A-Za-z]{53}$/,
  /^\$(y|gy|7)\$[^:\s]+\$[./0-9A-Za-z]{20,}$/,
];

/** Tells whether a value is a hash of a known scheme and not a password. @see crypt(5) */
export function isPasswordHash(value: string): boolean {
  return HASH_PATTERNS.some((pattern) => pattern.test(value));
}

/** Tells whether a value looks as if a hash was meant: it starts like a known scheme. */
export function startsLikeHash(value: string): boolean {
  return /^\$(1|5|6|7|y|gy|sha1|2[abxy])\$/.test(value);
}

function stretch(algorithm: HashAlgorithm, password: Buffer, salt: Buffer, rounds: number): Buffer {
  const { sizeBytes } = SCHEMES[algorithm];
  const digestOf = (...pieces: readonly Uint8Array[]): Buffer => {
    const hash = createHash(algorithm);
    for (const piece of pieces) hash.update(piece);
    return hash.digest();
  };

  const digestB = digestOf(password, salt, password);
  const bits: Buffer[] = [];
  for (let length = password.length; length > 0; length >>>= 1) bits.push((length & 1) === 1 ? digestB : password);
  const digestA = digestOf(password, salt, repeated(digestB, password.length), ...bits);

  const digestDP = digestOf(...Array.from({ length: password.length }, () => password));
  const passwordSequence = repeated(digestDP, password.length);
  const digestDS = digestOf(...Array.from({ length: 16 + (digestA[0] ?? 0) }, () => salt));
  const saltSequence = repeated(digestDS, salt.length);

  let digest = digestA;
  for (let round = 0; round < rounds; round += 1) {
    const odd = round % 2 === 1;
    const hash = createHash(algorithm).update(odd ? passwordSequence : digest);
    if (round % 3 !== 0) hash.update(saltSequence);
    if (round % 7 !== 0) hash.update(passwordSequence);
    digest = hash.update(odd ? digest : passwordSequence).digest();
  }
  return digest.subarray(0, sizeBytes);
}

function repeated(digest: Buffer, lengthBytes: number): Buffer {
  return Buffer.alloc(lengthBytes, digest);
}

/** Three bytes to four characters, low bits first; which three is the scheme's own permutation. */
function encode(digest: Buffer, scheme: Scheme): string {
  const third = Math.floor(scheme.sizeBytes / 3);
  let text = "";
  for (let group = 0; group < third; group += 1) {
    const indexes = [group, group + third, group + 2 * third];
    const from = (group * scheme.turn) % 3;
    text += characters(
      [0, 1, 2].map((place) => digest[indexes[(from + place) % 3] ?? 0] ?? 0),
      4,
    );
  }
  return scheme.sizeBytes === 64
    ? text + characters([0, 0, digest[63] ?? 0], 2)
    : text + characters([0, digest[31] ?? 0, digest[30] ?? 0], 3);
}

function characters(bytes: readonly number[], count: number): string {
  let value = ((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
  let text = "";
  for (let index = 0; index < count; index += 1) {
    text += ALPHABET[value & 0x3f];
    value >>>= 6;
  }
  return text;
}
