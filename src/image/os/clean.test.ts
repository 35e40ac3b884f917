import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { planClean } from "./clean.ts";
import { openImageTree } from "./image-tree.ts";

describe("planClean()", () => {
  it("removes what building left behind, and nothing else", async () => {
    const residue = [
      "/etc/.pwd.lock",
      "/etc/passwd-",
      "/root/.bash_history",
      "/run/lock",
      "/tmp/.X",
      "/usr/sbin/policy-rc.d",
      "/var/cache/apt/pkgcache.bin",
      "/var/cache/apt/archives/a.deb",
      "/var/cache/debconf/config.dat-old",
      "/var/cache/ldconfig/aux-cache",
      "/var/lib/apt/lists/x_InRelease",
      "/var/lib/dpkg/status-old",
      "/var/lib/systemd/random-seed",
      "/var/log/dpkg.log",
      "/var/log/apt/history.log",
      "/var/tmp/x",
    ];
    const kept = [
      "/etc/passwd",
      "/etc/ld.so.cache",
      "/var/cache/apt/archives/partial/x",
      "/var/cache/debconf/config.dat",
      "/var/lib/dpkg/status",
      "/var/log/wtmp",
    ];
    using tree = fakeTree(Object.fromEntries([...residue, ...kept].map((file) => [file, ""])));
    const paths = (await planClean(openImageTree(tree.host, tree.root))).map(({ path }) => path);
    expect(paths.sort()).toEqual(residue.sort());
  });
});
