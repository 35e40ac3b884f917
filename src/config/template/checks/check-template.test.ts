import { describe, expect, it } from "vitest";
import { checkTemplate } from "./check-template.ts";
import type { ImageTemplate, SystemConfigSection } from "../schema/index.ts";

type Template = Omit<ImageTemplate, "image" | "target">;

function check(os: "debian" | "azure-linux", template: Template) {
  const dist = os === "debian" ? "debian13" : "azl3";
  const target = { os, dist, arch: "x86_64", imageType: "raw" } as const;
  return checkTemplate({ image: { name: "edge", version: "1" }, target, ...template });
}

/** What is wrong is in the fixtures of `test/fixtures/templates/negative`; this is what looks wrong, and is not. */
describe("checkTemplate()", () => {
  it.each([
    ...["linux-image-6.12.0-1-amd64", "libglib2.0-0t64", "gcc-12", "python3.11", "g++", "libc6:i386", "fonts-*", "0ad"],
    ...["vim=2:9.1.0-1", "vim_2:9.1.0-1", "vim>=9", "vim<<10", "vim=9.1~rc1+dfsg-2+deb13u1", "linux-image-*-amd64"],
  ])("takes %s for a Debian package", (name) => {
    expect(check("debian", { systemConfig: { packages: [name] } })).toEqual([]);
  });

  it.each([
    ...["NetworkManager", "python3-typing_extensions", "mod_ssl", "nss_wrapper", "perl-Foo_2", "java-21-openjdk"],
    ...["vim-9.0-1.azl3", "kernel-6.6.1-1.azl3", "vim=9.0-1.azl3", "vim>=1:9", "glibc-langpack-*"],
  ])("takes %s for an rpm package", (name) => {
    expect(check("azure-linux", { systemConfig: { packages: [name] } })).toEqual([]);
  });

  it.each<[string, SystemConfigSection]>([
    ["a user of root's group", { users: [{ name: "root", uid: 0, primaryGroup: "root" }] }],
    ["a user in the group of another", { users: [{ name: "a" }, { name: "b", groups: ["a"] }] }],
    ["digits in a login name", { users: [{ name: "4u2" }] }],
    ["a password that only begins like a variable", { users: [{ name: "a", password: "$6$salt$hash" }] }],
    ["equal password ages", { users: [{ name: "a", password: "x", passwordMinAge: 7, passwordMaxAge: 7 }] }],
    ["a template unit", { services: { enable: ["getty@.service", "wg-quick@wg0"] } }],
    ["exclusions of other packages", { packages: ["vim"], excludePackages: ["vim-*", "nano"] }],
    ["a root that is not one", { kernel: { cmdline: "rootwait noroot=x systemd.root=y" } }],
    ["host keys that are not made here", { configurations: [{ cmd: "ssh-keygen -l -f Archive.pub" }] }],
    ["all domains", { network: { interfaces: [{ name: "a", dhcp4: true, searchDomains: ["~.", "~corp.example"] }] } }],
    [
      "a gateway of the second network, and one of the link",
      {
        network: {
          interfaces: [
            {
              name: "a",
              addresses: ["192.0.2.10/24", "198.51.100.10/24", "2001:db8::1/64"],
              routes: [
                { to: "default", via: "198.51.100.1" },
                { to: "default", via: "fe80::1" },
                { to: "default", via: "198.51.100.2", metric: 5 },
              ],
            },
          ],
        },
      },
    ],
    [
      "a directory with files below it",
      {
        additionalFiles: [
          { directory: true, final: "/a" },
          { content: "", final: "/a/b" },
        ],
      },
    ],
  ])("finds nothing in %s", (_, systemConfig) => {
    expect(check("debian", { systemConfig })).toEqual([]);
  });

  it("takes names of rpm and of local repositories as they are", () => {
    const packageRepositories = [
      { codename: "Extended packages", url: "https://example.org/rpm", pkey: "[trusted=yes]" },
      { codename: "our own", path: "packages" },
    ];
    expect(check("azure-linux", { packageRepositories })).toEqual([]);
  });

  it("takes mirror lists of rpm repositories", () => {
    const findings = (os: "azure-linux" | "debian", url: string) =>
      check(os, { packageRepositories: [{ codename: "own", url, pkey: "k.asc" }] });
    const list = "mirror+https://example.com/metalink?repo=a&arch=b";
    expect(findings("azure-linux", list)).toEqual([]);
    expect(findings("azure-linux", "mirror+file:///srv/mirrors")).toEqual([]);
    for (const wrong of [
      `${list}#x`,
      "mirror+rsync://example.com/",
      "mirror+file://x",
      "mirror+https://u:p@example.com/",
    ]) {
      expect(findings("azure-linux", wrong), wrong).toHaveLength(1);
    }
    expect(findings("debian", list)).toHaveLength(1);
  });

  it.each([
    ["https://example.org/$releasever/x", "$releasever"],
    ["https://example.org/a-$basearch/", "$basearch"],
    ["mirror+https://example.org/list?arch=$arch&repo=a", "$arch"],
  ])("knows no variables of yum: %s", (url, variable) => {
    const [found, ...others] = check("azure-linux", { packageRepositories: [{ codename: "a", url, pkey: "k.asc" }] });
    expect(others).toEqual([]);
    expect(found?.path).toEqual(["packageRepositories", 0, "url"]);
    expect(found?.message).toBe(`has ${variable}, but variables of yum and dnf are not known here`);
    expect(found?.severity).toBeUndefined();
  });

  it("takes a dollar that begins no variable, and leaves Debian's addresses alone", () => {
    const findings = (os: "azure-linux" | "debian", url: string) =>
      check(os, { packageRepositories: [{ codename: "own", url, pkey: "k.asc" }] });
    expect(findings("azure-linux", "https://x.blob.example.net/$web/$architecture")).toEqual([]);
    expect(findings("debian", "https://example.org/$basearch")).toEqual([]);
  });

  it("warns of components, which rpm repositories don't have", () => {
    const packageRepositories = [{ codename: "own", url: "https://example.org/", pkey: "k.asc", component: "main, x" }];
    expect(check("azure-linux", { packageRepositories })).toEqual([
      expect.objectContaining({ path: ["packageRepositories", 0, "component"], severity: "warning" }),
    ]);
    expect(check("debian", { packageRepositories }).map(({ message }) => message)).toEqual([
      "must be names separated by spaces",
    ]);
  });

  it("has nothing against sections without content", () => {
    const systemConfig = { users: [], network: {}, services: {}, kernel: {}, configurations: [] };
    expect(check("debian", { disk: {}, build: {}, baseline: {}, systemConfig, packageRepositories: [] })).toEqual([]);
  });
});
