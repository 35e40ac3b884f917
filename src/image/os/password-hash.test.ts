import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashPassword, isPasswordHash, saltFor, startsLikeHash } from "./password-hash.ts";

describe("hashPassword()", () => {
  // The test vectors of the specification.
  it.each([
    [
      "saltstring",
      undefined,
      "Hello world!",
      "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ],
    [
      "saltstringsaltstring",
      10_000,
      "Hello world!",
      "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ],
    [
      "toolongsaltstring",
      5000,
      "This is just a test",
      "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0",
    ],
    [
      "roundstoolow",
      10,
      "the minimum number is still observed",
      "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.",
    ],
  ])("gives the published sha512 hash for the salt %s", (salt, rounds, password, hash) => {
    expect(hashPassword(password, salt, rounds === undefined ? {} : { rounds })).toBe(hash);
  });

  it("gives the published sha256 hash", () => {
    expect(hashPassword("Hello world!", "saltstring", { algorithm: "sha256" })).toBe(
      "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    );
  });

  it("makes what isPasswordHash() takes for a hash", () => {
    expect(isPasswordHash(hashPassword("secret", "salt"))).toBe(true);
  });
});

describe("saltFor()", () => {
  it("is the same for the same build and user, and another for another", () => {
    expect(saltFor("key", "ada")).toBe(saltFor("key", "ada"));
    expect(new Set([saltFor("key", "ada"), saltFor("key", "bob"), saltFor("other", "ada")]).size).toBe(3);
  });

  it("is 16 characters of crypt's alphabet", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (key, name) => /^[./0-9A-Za-z]{16}$/.test(saltFor(key, name))));
  });
});

describe("isPasswordHash()", () => {
  it.each([
    "$1$abcdefgh$aaaaaaaaaaaaaaaaaaaaaa",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$2b$05$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
  ])("takes %s for a hash", (value) => {
    expect(isPasswordHash(value)).toBe(true);
  });

  it.each(["", "!", "*", "secret", "$ecret", "$6$", "$6$salt$short", "$6$salt$:"])("takes %j for none", (value) => {
    expect(isPasswordHash(value)).toBe(false);
  });

  it("tells a damaged hash from a password that begins with a dollar sign", () => {
    expect([startsLikeHash("$6$salt$short"), startsLikeHash("$ecret")]).toEqual([true, false]);
  });
});
