import { describe, expect, it } from "vitest";
import { snapshotAddresses } from "./snapshot-addresses.ts";

describe("snapshotAddresses()", () => {
  it("names the time that the suite was signed, and the day after", () => {
    const dateSeconds = Date.UTC(2026, 1, 28, 23, 5, 9) / 1000;
    expect(snapshotAddresses("http://snapshot.example/archive/debian/", dateSeconds, "pool/main/b/bash.deb")).toEqual([
      "http://snapshot.example/archive/debian/20260228T230509Z/pool/main/b/bash.deb",
      "http://snapshot.example/archive/debian/20260301T230509Z/pool/main/b/bash.deb",
    ]);
  });

  it("names nothing without an archive or a date", () => {
    expect(snapshotAddresses(undefined, 1, "a")).toEqual([]);
    expect(snapshotAddresses("http://snapshot.example", undefined, "a")).toEqual([]);
  });
});
