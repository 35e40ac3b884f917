import { describe, expect, it } from "vitest";
import { parseGroup, parsePasswd } from "./account-files.ts";
import { planFileOwners } from "./file-owners.ts";

const accounts = {
  passwd: parsePasswd("root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n"),
  group: parseGroup("root:x:0:\nada:x:1001:\nwww:x:33:\n"),
  shadow: [],
  gshadow: [],
};

function plan(owner: string) {
  const section = { local: "x", final: "/x", owner };
  const templatePath = "systemConfig.additionalFiles[3]";
  return planFileOwners([{ section, templatePath, paths: ["/x", "/x/y"] }], accounts);
}

describe("planFileOwners()", () => {
  it.each([
    ["ada", 1000, 1001],
    ["ada:www", 1000, 33],
    [":www", 0, 33],
    ["7:8", 7, 8],
  ])("gives a directory and what came with it to %s", (owner, uid, gid) => {
    expect(plan(owner)).toEqual(["/x", "/x/y"].map((path) => ({ kind: "owner", path, uid, gid })));
  });

  it.each([
    ["nobody-here", 'the image has no user "nobody-here"'],
    ["ada:none", 'the image has no group "none"'],
  ])("refuses %s", (owner, message) => {
    expect(() => plan(owner)).toThrow(message);
  });

  it("says where, and what was meant", () => {
    expect(() => plan("adaa")).toThrow(
      expect.objectContaining({
        hint: 'Did you mean "ada"?',
        details: ["named at systemConfig.additionalFiles[3].owner"],
      }),
    );
  });
});
