import { describe, expect, it } from "vitest";
import { nodeFiles } from "../../host/index.ts";
import { hostMirrorFor, parseDeb822Sources, parseOneLineSources, readHostMirrors } from "./host-mirror.ts";

describe("parseOneLineSources()", () => {
  it("reads entries with and without options", () => {
    const text = `
# deb http://commented.example.org/debian trixie main
deb http://mirror.example.org/debian/ trixie main contrib # comment
  deb [ signed-by=/x.gpg arch=amd64 ] https://mirror.example.org/security trixie-security main
deb-src http://mirror.example.org/debian trixie main
deb cdrom:[Debian]/ trixie main
nonsense`;
    expect(parseOneLineSources(text)).toEqual([
      { url: "http://mirror.example.org/debian", suites: ["trixie"] },
      { url: "https://mirror.example.org/security", suites: ["trixie-security"] },
    ]);
  });
});

describe("parseDeb822Sources()", () => {
  it("reads enabled stanzas, each with all of its addresses and suites", () => {
    const text = `Types: deb deb-src
# comment
URIs: http://a.example.org/debian http://b.example.org/debian/
Suites: trixie
 trixie-updates
Components: main

Types: deb
URIs: http://off.example.org
Suites: trixie
Enabled: no

Types: deb-src
URIs: http://source.example.org
Suites: trixie
`;
    const suites = ["trixie", "trixie-updates"];
    expect(parseDeb822Sources(text)).toEqual([
      { url: "http://a.example.org/debian", suites },
      { url: "http://b.example.org/debian", suites },
    ]);
  });

  it("skips a file that is none", () => {
    expect(parseDeb822Sources("no fields here")).toEqual([]);
  });
});

describe("hostMirrorFor()", () => {
  const mirrors = [
    { url: "http://vendor", suites: ["tool-trixie"] },
    { url: "http://archive", suites: ["bookworm", "bookworm-updates"] },
    { url: "http://security", suites: ["bookworm-security"] },
    { url: "http://ubuntu", suites: ["noble"] },
  ];

  it.each([
    ["bookworm", "http://archive"],
    ["trixie", "http://archive"],
    ["trixie-updates", "http://archive"],
    ["trixie-security", "http://security"],
    ["bullseye/updates", "http://security"],
    ["tool-trixie", "http://vendor"],
    ["jammy", "http://ubuntu"],
    ["jammy-security", undefined],
    ["aria", undefined],
  ])("finds for %s %s", (suite, url) => {
    expect(hostMirrorFor(mirrors, suite)).toBe(url);
  });
});

describe("readHostMirrors()", () => {
  it("reads sources.list and then the files beside it that apt reads", async () => {
    const texts: Record<string, string> = {
      "/etc/apt/sources.list": "deb http://first trixie main",
      "/etc/apt/sources.list.d/a.list": "deb http://second trixie main",
      "/etc/apt/sources.list.d/b.sources": "Types: deb\nURIs: http://third\nSuites: trixie",
      "/etc/apt/sources.list.d/c.list.save": "deb http://never trixie main",
    };
    const files = {
      ...nodeFiles,
      list: async () => ["a.list", "b.sources", "c.list.save"],
      exists: async (file: string) => file in texts,
      isReadable: async () => true,
      readText: async (file: string) => texts[file] ?? "",
    };
    expect((await readHostMirrors({ files })).map(({ url }) => url)).toEqual([
      "http://first",
      "http://second",
      "http://third",
    ]);
  });
});
