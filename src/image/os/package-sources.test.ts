import { describe, expect, it } from "vitest";
import type { DebRepositorySource } from "../../ospackage/index.ts";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";
import { planPackageSources } from "./package-sources.ts";

function source(settings: Partial<DebRepositorySource>): DebRepositorySource {
  return {
    kind: "deb",
    id: "debian/trixie",
    canonicalUrl: "http://deb.example.org/debian",
    url: "http://mirror.example.net/debian",
    suite: "trixie",
    components: ["main", "contrib"],
    keys: [],
    foreignKeys: false,
    gpgCheck: true,
    priority: 500,
    ...settings,
  };
}

async function plan(
  sources: readonly DebRepositorySource[],
  entries: Parameters<typeof fakeTree>[0] = {},
  distribution = "debian",
) {
  using tree = fakeTree({ "/etc/apt/apt.conf": "", "/key.asc": "-----BEGIN PGP", ...entries });
  const keys = sources.map((each) => ({
    ...each,
    keys: each.keys.map((key) => ({ ...key, file: `${tree.root}${key.file}` })),
  }));
  return await planPackageSources(tree.host, openImageTree(tree.host, tree.root), keys, distribution);
}

const KEY = { file: "/key.asc", fingerprints: [] };

describe("planPackageSources()", () => {
  it("joins suites, names canonical addresses and the installed keyring, and nothing of a mirror", async () => {
    const changes = await plan(
      [
        source({}),
        source({ id: "debian/trixie-updates", suite: "trixie-updates", foreignKeys: true, keys: [KEY] }),
        source({ id: "debian/security", suite: "trixie-security", canonicalUrl: "http://security.example.org/x" }),
      ],
      { "/usr/share/keyrings/debian-archive-keyring.gpg": "" },
    );
    expect(changes).toMatchObject([
      {
        path: "/etc/apt/sources.list.d/debian.sources",
        content: `Types: deb
URIs: http://deb.example.org/debian
Suites: trixie trixie-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example.org/x
Suites: trixie-security
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
      },
    ]);
  });

  it("copies the keys of a repository that the user adds, into a file of its own", async () => {
    const url = "https://extra.example.org/deb";
    const changes = await plan([
      source({ id: "extra repo", url, canonicalUrl: url, foreignKeys: true, keys: [KEY], suite: "./", components: [] }),
    ]);
    expect(changes).toMatchObject([
      { path: "/etc/apt/keyrings/extra-repo-1.asc", mode: 0o644 },
      {
        path: "/etc/apt/sources.list.d/extra-repo.sources",
        content: `Types: deb\nURIs: ${url}\nSuites: ./\nSigned-By: /etc/apt/keyrings/extra-repo-1.asc\n`,
      },
    ]);
  });

  it("names the provider's suite where the mirror has another one", async () => {
    const [change] = await plan([
      source({ suite: "testing", canonicalSuite: "trixie", foreignKeys: true, keys: [KEY] }),
    ]);
    expect(change).toMatchObject({ content: expect.stringContaining("Suites: trixie\n") as string });
  });

  it("takes the distribution's own keyring, whatever others are installed", async () => {
    const keyrings = ["debian", "elxr", "ubuntu"].map((name) => `/usr/share/keyrings/${name}-archive-keyring.gpg`);
    const [change] = await plan(
      [source({})],
      Object.fromEntries(keyrings.map((path) => [path, ""])),
      "wind-river-elxr",
    );
    expect(change).toMatchObject({
      path: "/etc/apt/sources.list.d/wind-river-elxr.sources",
      content: expect.stringContaining("Signed-By: /usr/share/keyrings/elxr-archive-keyring.gpg\n") as string,
    });
  });

  it.each([
    ["/etc/apt/sources.list", "deb [arch=amd64] http://deb.example.org/debian/ trixie main\n"],
    ["/etc/apt/sources.list.d/a.list", "deb http://deb.example.org/debian trixie main\n"],
    ["/etc/apt/sources.list.d/a.sources", "Types: deb\nURIs: http://deb.example.org/debian\nSuites: trixie\n"],
  ])("leaves out a suite of the distribution that %s names already", async (file, text) => {
    const updates = source({ id: "debian/trixie-updates", suite: "trixie-updates" });
    const [change, ...others] = await plan([source({}), updates], { [file]: text });
    expect(change).toMatchObject({ content: expect.stringContaining("Suites: trixie-updates\n") as string });
    expect(others).toEqual([]);
  });

  it("says that checks are off where they are", async () => {
    expect(await plan([source({ gpgCheck: false })])).toMatchObject([
      { content: expect.stringContaining("Trusted: yes\n") as string },
    ]);
  });

  it("leaves out what exists only on the build machine, and images without apt", async () => {
    expect(await plan([source({ canonicalUrl: "file:/srv/x" })])).toEqual([]);
    using tree = fakeTree();
    expect(await planPackageSources(tree.host, openImageTree(tree.host, tree.root), [source({})], "debian")).toEqual(
      [],
    );
  });

  it("refuses a line break", async () => {
    await expect(plan([source({ suite: "x\nTrusted: yes" })])).rejects.toMatchObject({ code: "IMAGE_PLAN_INVALID" });
  });
});
