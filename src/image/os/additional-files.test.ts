import { chmodSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { parseGroup, parsePasswd } from "./account-files.ts";
import { planAdditionalFiles, planFileOwners } from "./additional-files.ts";

describe("planAdditionalFiles()", () => {
  it("finds files beside the template and does not take over the checkout's umask", async () => {
    using host = fakeTree({ "/t/plain": "", "/t/program": "", "/t/link": { link: "plain" } });
    chmodSync(`${host.root}/t/plain`, 0o664);
    chmodSync(`${host.root}/t/program`, 0o775);
    const files = ["plain", "program", "link"].map((local) => ({ local, final: `/opt/${local}` }));
    const changes = await planAdditionalFiles(
      host.host,
      [...files, { ...files[0], mode: "4750" } as never],
      `${host.root}/t`,
    );
    expect(changes.map((change) => ("mode" in change ? change.mode.toString(8) : ""))).toEqual([
      "644",
      "755",
      "644",
      "4750",
    ]);
    expect(changes[2]).toMatchObject({ from: `${host.root}/t/plain`, path: "/opt/link", uid: 0, gid: 0 });
  });

  it.each([
    ["missing", "it does not exist"],
    ["directory", "it is no regular file"],
  ])("refuses %s", async (local, state) => {
    using host = fakeTree({ "/directory/x": "" });
    await expect(planAdditionalFiles(host.host, [{ local, final: "/x" }], host.root)).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      message: expect.stringContaining(state) as string,
      details: ["named at systemConfig.additionalFiles[0].local"],
    });
  });
});

describe("planFileOwners()", () => {
  const accounts = {
    passwd: parsePasswd("root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n"),
    group: parseGroup("root:x:0:\nada:x:1001:\nwww:x:33:\n"),
    shadow: [],
    gshadow: [],
  };
  const plan = (owner: string) => planFileOwners([{ local: "x", final: "/x", owner }], accounts);

  it.each([
    ["ada", 1000, 1001],
    ["ada:www", 1000, 33],
    [":www", 0, 33],
    ["7:8", 7, 8],
  ])("gives to %s", (owner, uid, gid) => {
    expect(plan(owner)).toEqual([{ kind: "owner", path: "/x", uid, gid }]);
  });

  it.each([
    ["nobody-here", 'the image has no user "nobody-here"'],
    ["ada:none", 'the image has no group "none"'],
  ])("refuses %s", (owner, message) => {
    expect(() => plan(owner)).toThrow(message);
  });
});
