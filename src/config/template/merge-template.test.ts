import { describe, expect, it } from "vitest";
import { Positions, isMapping, parseSource } from "../document/index.ts";
import { mergeTemplates } from "./merge-template.ts";

function merge(...texts: readonly string[]) {
  const positions = new Positions();
  const layers = texts.map((text, index) => {
    const { value } = parseSource(text, `${index}.yml`, "TEMPLATE_SYNTAX", positions);
    return isMapping(value) ? value : {};
  });
  return { merged: mergeTemplates(layers, positions), positions };
}

describe("mergeTemplates()", () => {
  it("joins users by name: groups and keys add up, other fields are the child's", () => {
    const { merged } = merge(
      "systemConfig: { users: [{ name: root, shell: /bin/sh }, { name: a, groups: [x, y], sudo: true, uid: 7 }] }",
      "systemConfig: { users: [{ name: b }, { name: a, groups: [y, z], sudo: false }] }",
    );
    expect(merged).toEqual({
      systemConfig: {
        users: [
          { name: "root", shell: "/bin/sh" },
          { name: "a", groups: ["x", "y", "z"], sudo: false, uid: 7 },
          { name: "b" },
        ],
      },
    });
  });

  it("drops the parent's hash_algo under a child's hash, and keeps it under a child's password", () => {
    const parent = "systemConfig: { users: [{ name: a, password: x, hash_algo: sha512 }] }";
    const withHash = merge(parent, "systemConfig: { users: [{ name: a, password: $6$salt$hash }] }").merged;
    expect(withHash).toEqual({ systemConfig: { users: [{ name: "a", password: "$6$salt$hash" }] } });
    const withText = merge(parent, "systemConfig: { users: [{ name: a, password: y }] }").merged;
    expect(withText).toEqual({ systemConfig: { users: [{ name: "a", password: "y", hash_algo: "sha512" }] } });
  });

  it("joins packages in order, each once", () => {
    const { merged } = merge("systemConfig: { packages: [a, b] }", "systemConfig: { packages: [c, a, d] }");
    expect(merged).toEqual({ systemConfig: { packages: ["a", "b", "c", "d"] } });
  });

  it("replaces additional files by where they go, and appends configurations", () => {
    const { merged } = merge(
      "systemConfig: { additionalFiles: [{ local: a, final: /1 }, { local: b, final: /2 }], configurations: [{ cmd: x }] }",
      "systemConfig: { additionalFiles: [{ local: d, final: /3 }, { local: c, final: /1 }], configurations: [{ cmd: x }] }",
    );
    expect(merged).toEqual({
      systemConfig: {
        additionalFiles: [
          { local: "c", final: "/1" },
          { local: "b", final: "/2" },
          { local: "d", final: "/3" },
        ],
        configurations: [{ cmd: "x" }, { cmd: "x" }],
      },
    });
  });

  it("takes what a child excludes from the parent's packages, and lets it ask again for what the parent excludes", () => {
    const { merged } = merge(
      "systemConfig: { packages: [nginx, nginx-extra, vim=2, curl], excludePackages: [nano, ed], kernel: { packages: [k] } }",
      "systemConfig: { packages: [ed], excludePackages: ['nginx*', vim, k] }",
    );
    expect(merged).toEqual({
      systemConfig: {
        packages: ["curl", "ed"],
        excludePackages: ["nano", "nginx*", "vim", "k"],
        kernel: { packages: [] },
      },
    });
  });

  it("appends scripts, and joins groups by name", () => {
    const { merged } = merge(
      "systemConfig: { postInstallScripts: [{ inline: a }], groups: [{ name: g, gid: 7 }] }",
      "systemConfig: { postInstallScripts: [{ inline: a }], groups: [{ name: h }, { name: g }] }",
    );
    expect(merged).toEqual({
      systemConfig: {
        postInstallScripts: [{ inline: "a" }, { inline: "a" }],
        groups: [{ name: "g", gid: 7 }, { name: "h" }],
      },
    });
  });

  it("lets a child undo what the parent said about a unit", () => {
    const { merged } = merge(
      "systemConfig: { services: { enable: [a, b], disable: [c] } }",
      "systemConfig: { services: { enable: [c], mask: [a] } }",
    );
    expect(merged).toEqual({ systemConfig: { services: { enable: ["b", "c"], disable: [], mask: ["a"] } } });
  });

  it("merges kernel, boot loader, disk and network field by field", () => {
    const { merged } = merge(
      "disk: { size: 4GiB, partitions: [{ id: a }] }\nsystemConfig: { kernel: { name: k, uki: true, packages: [p] }, network: { backend: netplan, interfaces: [{ name: e }] } }",
      "disk: { size: 8GiB, partitions: [] }\nsystemConfig: { kernel: { name: '', uki: false, cmdline: quiet }, network: { interfaces: [{ name: w }] } }",
    );
    expect(merged).toEqual({
      disk: { size: "8GiB", partitions: [{ id: "a" }] },
      systemConfig: {
        kernel: { name: "k", uki: false, packages: ["p"], cmdline: "quiet" },
        network: { backend: "netplan", interfaces: [{ name: "w" }] },
      },
    });
  });

  it("replaces a repository of the same codename, url and path in place", () => {
    const { merged } = merge(
      "packageRepositories: [{ codename: a, url: u, priority: 1 }, { codename: b, url: u }]",
      "packageRepositories: [{ codename: a, url: v }, { codename: a, url: u, priority: 2 }]",
    );
    expect(merged["packageRepositories"]).toEqual([
      { codename: "a", url: "u", priority: 2 },
      { codename: "b", url: "u" },
      { codename: "a", url: "v" },
    ]);
  });

  it("leaves out metadata of lower layers and all variables", () => {
    const { merged } = merge("metadata: { description: default }\nvariables: { A: a }", "variables: { B: b }");
    expect(merged).toEqual({});
  });

  it("remembers the file and place of every value", () => {
    const { merged, positions } = merge(
      "systemConfig:\n  packages: [a]\n  kernel: { uki: true }",
      "\nsystemConfig:\n  packages:\n    - b\n  kernel:\n    cmdline: quiet",
    );
    const at = (...path: (string | number)[]) => {
      const span = positions.find(merged, ["systemConfig", ...path]);
      return `${span?.file}:${span?.line}:${span?.column}`;
    };
    expect(at("packages", 0)).toBe("0.yml:2:14");
    expect(at("packages", 1)).toBe("1.yml:4:7");
    expect(at("kernel", "uki")).toBe("0.yml:3:18");
    expect(at("kernel", "cmdline")).toBe("1.yml:6:14");
    expect(at("kernel", "version")).toBe("1.yml:5:3");
  });
});
