import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";
import { planSelinux, selinuxCommandLine } from "./selinux.ts";

const POLICY = { "/etc/selinux/targeted/policy/policy.33": "" };

describe("planSelinux()", () => {
  it("changes the mode of the installed policy, and has files labelled at the first boot", async () => {
    using tree = fakeTree({ ...POLICY, "/etc/selinux/config": "# c\nSELINUX=enforcing\nSELINUXTYPE=mls\n" });
    const { changes } = await planSelinux(openImageTree(tree.host, tree.root), "permissive");
    expect(changes).toMatchObject([
      { path: "/etc/selinux/config", content: "# c\nSELINUX=permissive\nSELINUXTYPE=mls\n" },
      { path: "/.autorelabel" },
    ]);
  });

  it("writes a missing configuration", async () => {
    using tree = fakeTree({ "/etc/selinux/default/policy/policy.33": "" });
    const { changes } = await planSelinux(openImageTree(tree.host, tree.root), "disabled");
    expect(changes).toMatchObject([{ content: "SELINUX=disabled\nSELINUXTYPE=default\n" }]);
  });

  it("warns without a policy, and refuses to enforce", async () => {
    using tree = fakeTree({ "/etc/selinux/semanage.conf": "" });
    const image = openImageTree(tree.host, tree.root);
    expect(await planSelinux(image, "permissive")).toEqual({ changes: [], warnings: [expect.any(String)] });
    expect(await planSelinux(image, "disabled")).toEqual({ changes: [], warnings: [] });
    await expect(planSelinux(image, "enforcing")).rejects.toMatchObject({ code: "TEMPLATE_UNSUPPORTED" });
  });
});

describe("selinuxCommandLine()", () => {
  it.each([
    [undefined, "quiet", "quiet"],
    ["disabled", "quiet", "quiet selinux=0"],
    ["disabled", "", "selinux=0"],
    ["permissive", "quiet", "quiet security=selinux selinux=1"],
    ["permissive", "security=apparmor quiet", "security=apparmor quiet selinux=1"],
  ] as const)("for %s adds to %j what is missing", async (mode, cmdline, expected) => {
    using tree = fakeTree(POLICY);
    expect(await selinuxCommandLine(openImageTree(tree.host, tree.root), mode, cmdline)).toBe(expected);
  });

  it("switches nothing on without a policy", async () => {
    using tree = fakeTree();
    expect(await selinuxCommandLine(openImageTree(tree.host, tree.root), "permissive", "quiet")).toBe("quiet");
  });
});
