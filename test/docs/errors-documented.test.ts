import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode, compareCodeUnits } from "../../src/core/index.ts";

const page = readFileSync(path.resolve(import.meta.dirname, "../../docs/errors.md"), "utf8");
const entries = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = "", ...body] = section.split("\n");
      return [heading.trim(), body.join("\n").trim()] as const;
    }),
);
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("docs/errors.md", () => {
  it("has one entry for each error code, and none for others", () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading = ""]) => heading.trim());
    expect(headings.sort(compareCodeUnits)).toEqual([...codes].sort(compareCodeUnits));
  });

  it.each(codes)("says for %s what it means, what to do, and the exit code", (code) => {
    const entry = entries.get(code) ?? "";
    expect(entry).toContain(`Exit code: ${ERROR_CODES[code]}.`);
    expect(entry).toMatch(/^\S.{20,}/);
    expect(entry).toMatch(/^\*\*What to do:\*\* .{10,}/m);
  });
});
