import { describe, expect, it } from "vitest";
import type { UserSection } from "../../config/index.ts";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import type { PlannedUser } from "./accounts.ts";
import { planHomes } from "./home-directories.ts";
import { openImageTree } from "./image-tree.ts";

function user(section: UserSection, created = true): PlannedUser {
  const { name, home = `/home/${name}` } = section;
  const entry = { name, password: "x", uid: 1000, gid: 1001, comment: "", home, shell: "/bin/sh" };
  return { entry, created, section, templatePath: "systemConfig.users[0]" };
}

const SKELETON = { "/etc/skel/.profile": "p", "/etc/skel/.config/app": "a", "/etc/skel/.link": { link: ".profile" } };

async function plan(planned: PlannedUser, entries: Parameters<typeof fakeTree>[0] = SKELETON) {
  using tree = fakeTree(entries);
  return await planHomes(openImageTree(tree.host, tree.root), [planned], 0o700);
}

describe("planHomes()", () => {
  it("copies the skeleton, parents first, and gives it to the user", async () => {
    const changes = await plan(user({ name: "ada" }));
    expect(changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "directory /home/ada",
      "directory /home/ada/.config",
      "copy /home/ada/.config/app",
      "symlink /home/ada/.link",
      "copy /home/ada/.profile",
    ]);
    expect(changes.every((change) => "uid" in change && change.uid === 1000 && change.gid === 1001)).toBe(true);
    expect(changes[0]).toMatchObject({ mode: 0o700 });
  });

  it("keeps what is in the home already", async () => {
    const changes = await plan(user({ name: "ada" }), { ...SKELETON, "/home/ada/.profile": "mine" });
    expect(changes.map(({ path }) => path)).not.toContain("/home/ada/.profile");
  });

  it("writes authorized keys that only the user may read, also for an account that is there", async () => {
    const changes = await plan(
      user({ name: "root", home: "/root", sshAuthorizedKeys: ["ssh-ed25519 AAAA ada\n"] }, false),
    );
    expect(changes.slice(-2)).toMatchObject([
      { kind: "directory", path: "/root/.ssh", mode: 0o700 },
      { kind: "write", path: "/root/.ssh/authorized_keys", content: "ssh-ed25519 AAAA ada\n", mode: 0o600 },
    ]);
  });

  it("does not touch the home of an account that the template only changes", async () => {
    expect(await plan(user({ name: "daemon", shell: "/bin/sh" }, false))).toEqual([]);
  });

  it.each(["/etc/x", "/", "/home", "/usr/local"])("refuses the system's directory %s as a home", async (home) => {
    const tried = plan(user({ name: "ada", home }), { "/etc/x/y": "", "/home/y": "", "/usr/local/y": "" });
    await expect(tried).rejects.toMatchObject({ code: "TEMPLATE_INVALID" });
  });

  it.each(["ssh-ed25519 A\nssh-rsa B", " "])("refuses the key %j", async (key) => {
    await expect(plan(user({ name: "ada", sshAuthorizedKeys: [key] }))).rejects.toMatchObject({
      details: ["named at systemConfig.users[0].sshAuthorizedKeys[0]"],
    });
  });
});
