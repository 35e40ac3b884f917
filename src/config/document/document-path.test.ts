import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPath, parsePath } from "./document-path.ts";

describe("formatPath()", () => {
  it("reads like code", () => {
    expect(formatPath(["systemConfig", "users", 0, "name"])).toBe("systemConfig.users[0].name");
    expect(formatPath(["variables", 'a "b"', 1])).toBe('variables["a \\"b\\""][1]');
    expect(formatPath([])).toBe("");
  });

  it("is undone by parsePath()", () => {
    const part = fc.oneof(fc.string(), fc.nat(), fc.constantFrom("name", "hash_algo", "0", "["));
    fc.assert(
      fc.property(fc.array(part), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });
});
