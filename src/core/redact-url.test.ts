import { describe, expect, it } from "vitest";
import { redactUrl } from "./redact-url.ts";

describe("redactUrl()", () => {
  it.each([
    ["http://example.org/debian", "http://example.org/debian"],
    ["https://user:secret@example.org:8443/debian", "https://example.org:8443/debian"],
    ["https://example.org/x.deb?token=secret#part", "https://example.org/x.deb"],
    ["file:///srv/debian", "file:///srv/debian"],
    ["http//user:secret@nowhere", "http//nowhere"],
  ])("shows %s as %s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});
