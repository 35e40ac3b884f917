import { describe, expect, it } from "vitest";
import { prefixLengthOf } from "./ip-values.ts";

describe("prefixLengthOf()", () => {
  it.each([
    ["255.255.255.0", 24],
    ["0.0.0.0", 0],
    ["255.255.255.255", 32],
    ["255.255.254.0", 23],
    ["255.0.255.0", undefined],
    ["ffff:ffff:ffff:ffff::", 64],
    ["ffff:ffff::", 32],
    ["::", 0],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 127],
    ["ffff::ffff", undefined],
    ["24", undefined],
    ["", undefined],
  ])("of %s is %s", (mask, length) => {
    expect(prefixLengthOf(mask)).toBe(length);
  });
});
