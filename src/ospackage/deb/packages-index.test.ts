import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testHost } from "../../../test/fixtures/test-host.ts";
import { sha256 } from "../../core/index.ts";
import { openDebIndex } from "./open-deb-index.ts";
import { encodeDebIndex, encodeDebIndexFrom, encodeLocalDebIndex } from "./packages-index.ts";
import { parseStanza } from "./stanzas.ts";

const { threads } = testHost(new Date(0));

const DIGEST = "ab".repeat(32);

function stanza(fields: Readonly<Record<string, string | undefined>> = {}): string {
  const all = {
    Package: "hello",
    Version: "2.10-3",
    Architecture: "amd64",
    Filename: "pool/main/h/hello/hello_2.10-3_amd64.deb",
    Size: "53132",
    SHA256: DIGEST,
    ...fields,
  };
  return Object.entries(all)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`]))
    .join("");
}

function open(...stanzas: readonly string[]) {
  return openDebIndex(encodeDebIndex(Buffer.from(stanzas.join("\n")), { architecture: "amd64", origin: "http://x/P" }));
}

describe("encodeDebIndex() and openDebIndex()", () => {
  it("give back every field of a package", () => {
    const index = open(
      stanza({
        Source: "hello-src (1.0)",
        "Installed-Size": "280",
        Maintainer: "Jörg <j@example.org>",
        Essential: "yes",
        Priority: "required",
        Section: "devel",
        "Multi-Arch": "foreign",
        Homepage: "https://example.org",
        Depends: "libc6 (>= 2.34),\n libfoo",
        "pre-depends": "dpkg",
        Description: "greets\n at length\n .\n more",
      }),
    );
    expect(index.packageCount).toBe(1);
    expect(index.byName("hello")).toEqual([
      {
        name: "hello",
        version: "2.10-3",
        architecture: "amd64",
        essential: true,
        priority: "required",
        section: "devel",
        multiArch: "foreign",
        source: { name: "hello-src", version: "1.0" },
        maintainer: "Jörg <j@example.org>",
        homepage: "https://example.org",
        depends: "libc6 (>= 2.34), libfoo",
        preDepends: "dpkg",
        recommends: "",
        conflicts: "",
        breaks: "",
        replaces: "",
        provides: "",
        path: "pool/main/h/hello/hello_2.10-3_amd64.deb",
        sizeBytes: 53132,
        installedSizeBytes: 280 * 1024,
        sha256: DIGEST,
      },
    ]);
    expect(index.essential()).toEqual(index.byName("hello"));
    expect(index.required()).toEqual(index.byName("hello"));
  });

  it("find versions, providers and names in order", () => {
    const index = open(
      stanza({ Package: "z", Provides: "mta, z-abi (= 3)" }),
      stanza({ Package: "a", Version: "2", Provides: "mta" }),
      stanza({ Package: "a", Version: "1" }),
      stanza({ Package: "a-b" }),
    );
    expect([...index.names()]).toEqual(["a", "a-b", "z"]);
    expect(index.byName("a").map(({ version }) => version)).toEqual(["2", "1"]);
    expect(index.providersOf("mta").map(({ name }) => name)).toEqual(["z", "a"]);
    expect(index.providersOf("z-abi").map(({ name }) => name)).toEqual(["z"]);
    expect(index.byName("absent")).toEqual([]);
    expect(index.providersOf("a")).toEqual([]);
    expect(index.byName("z")[0]).toBe(index.providersOf("mta")[0]);
  });

  it("keep the wanted architecture and `all`", () => {
    const index = open(
      stanza({ Package: "a", Architecture: "arm64", SHA256: undefined }),
      stanza({ Package: "b", Architecture: "all" }),
      stanza({ Package: "c" }),
    );
    expect([...index.names()]).toEqual(["b", "c"]);
  });

  it("take an empty index, and one without a last line end", () => {
    expect(open("").packageCount).toBe(0);
    expect([...open("").names()]).toEqual([]);
    expect(open(`${stanza()}\n\n\n`, stanza({ Package: "b" }).trimEnd()).packageCount).toBe(2);
  });

  it("find every name of any index", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,6}$/), { maxLength: 40 });
    fc.assert(
      fc.property(names, (wanted) => {
        const index = open(...wanted.map((name) => stanza({ Package: name, Provides: `p-${name}` })));
        expect([...index.names()]).toEqual([...wanted].sort());
        for (const name of wanted) {
          expect(index.byName(name).map((found) => found.name)).toEqual([name]);
          expect(index.providersOf(`p-${name}`).map((found) => found.name)).toEqual([name]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("give equal bytes for equal text", () => {
    const encode = () => encodeDebIndex(Buffer.from(stanza()), { architecture: "amd64" });
    expect(encode()).toEqual(encode());
  });

  it.each([
    ["no Version", { Version: undefined }, 'has no "Version"'],
    ["no SHA256", { SHA256: undefined }, 'has no "SHA256"; indexes with only MD5 or SHA-1 are refused'],
    ["no Architecture", { Architecture: undefined }, 'has no "Architecture"'],
    ["a digest that is none", { SHA256: "ab" }, "has a SHA256"],
    ["an absolute path", { Filename: "/etc/passwd" }, "has an unsafe Filename"],
    ["a path that climbs", { Filename: "pool/../../x.deb" }, "has an unsafe Filename"],
    ["a size that is none", { Size: "-1" }, "has an impossible Size"],
    ["an absurd size", { Size: "99999999999999" }, "has an impossible Size"],
    ["an absurd installed size", { "Installed-Size": "99999999999999" }, "has an impossible Installed-Size"],
    ["a version with blanks", { Version: "1 2" }, "has a version that is none"],
    ["wrong Provides", { Provides: "a | b" }, "has wrong Provides"],
    ["a field given twice", { "X-A": "1\nVersion: 9" }, 'has "Version" more than once'],
  ])("refuse %s and name the package", (_, fields, message) => {
    const act = (): unknown => open(stanza({ Package: "good" }), stanza(fields));
    expect(act).toThrowError(expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }));
    expect(act).toThrowError(message);
    expect(act).toThrowError('the package "hello" (line 8)');
  });

  it("refuse what is no Packages file", () => {
    expect(() => open("<html>\n")).toThrowError('Cannot read the package index "http://x/P": line 1 is no field');
    expect(() => open(" continued\n")).toThrowError("line 1 is no field");
    expect(() => open(stanza({ Package: undefined }))).toThrowError('the stanza at line 1 has no "Package"');
    expect(() => open(stanza({ Homepage: "a\0b" }))).toThrowError("NUL");
  });

  it("never fail in another way on any bytes", () => {
    const line = fc.constantFrom("Package: a", "Version: 1", " x", "", ":", "a", "Size:", "SHA256: \u00e9", "#", "\r");
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        try {
          open(lines.join("\n"));
        } catch (error) {
          expect(error).toMatchObject({ code: "REPOSITORY_METADATA_INVALID" });
        }
      }),
    );
  });
});

describe("openDebIndex()", () => {
  const bytes = encodeDebIndex(Buffer.from(stanza()), { architecture: "amd64" });

  it("refuses bytes that are cut short or not its own", () => {
    for (const broken of [bytes.subarray(0, -4), bytes.subarray(0, 20), new Uint8Array(0), Buffer.alloc(500)]) {
      expect(() => openDebIndex(broken)).toThrowError(expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }));
    }
  });

  it("opens bytes at any offset of a buffer", () => {
    const shifted = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
    expect(openDebIndex(shifted).byName("hello")).toHaveLength(1);
  });
});

describe("encodeLocalDebIndex()", () => {
  it("indexes files of this machine by their control stanzas", () => {
    const control = parseStanza(
      "Package: hello\nVersion: 1\nArchitecture: all\nDepends: a,\n b\nDescription: x\n Package: evil\nSize: 3\n",
    );
    const deb = { control, path: "/srv/hello 1.deb", sizeBytes: 12, sha256: sha256("x") };
    const index = openDebIndex(encodeLocalDebIndex([deb, { ...deb, path: "/srv/b.deb" }], { architecture: "amd64" }));
    expect(index.byName("hello").map(({ path }) => path)).toEqual(["/srv/hello 1.deb", "/srv/b.deb"]);
    expect(index.byName("hello")[0]).toMatchObject({ depends: "a, b", sizeBytes: 12, sha256: sha256("x") });
  });

  it("takes no line of a path for a field", () => {
    const control = parseStanza("Package: a\nVersion: 1\nArchitecture: all\n");
    const deb = { control, path: "/a\nEssential: yes", sizeBytes: 1, sha256: sha256("") };
    expect(() => encodeLocalDebIndex([deb], { architecture: "amd64" })).toThrowError("line break");
  });
});

describe("encodeDebIndexFrom()", () => {
  const options = { architecture: "amd64", origin: "http://x/P" };
  const many = (count: number): string =>
    Array.from({ length: count }, (_, number) =>
      stanza({ Package: `hello-${number}`, Section: "x".repeat(number % 900) }),
    ).join("\n");
  async function* cut(text: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < text.length; start += pieceBytes) yield text.subarray(start, start + pieceBytes);
  }

  it.each([
    ["\n", 65_536],
    [" \t\r\n", 1_000_003],
    ["\n", 64 * 1024 ** 2],
  ])("makes of a stream what comes of the whole, empty lines being %j", async (emptyLine, pieceBytes) => {
    const text = Buffer.from(many(20_000).replaceAll("\n\n", `\n${emptyLine}`));
    expect(text.length).toBeGreaterThan(3 * 4 * 1024 ** 2);
    const index = await encodeDebIndexFrom(threads, cut(text, pieceBytes), 1024, options);
    expect(sha256(index)).toBe(sha256(encodeDebIndex(text, options)));
    expect(openDebIndex(index).packageCount).toBe(20_000);
  });

  it("makes an empty index of nothing", async () => {
    const index = await encodeDebIndexFrom(threads, cut(Buffer.alloc(0), 1), 0, options);
    expect(openDebIndex(index).packageCount).toBe(0);
  });

  it("counts lines through all parts", async () => {
    const good = `${many(20_000)}\n`;
    const line = good.split("\n").length;
    await expect(
      encodeDebIndexFrom(threads, cut(Buffer.from(`${good}no field\n`), 65_536), 0, options),
    ).rejects.toMatchObject({
      code: "REPOSITORY_METADATA_INVALID",
      message: `Cannot read the package index "http://x/P": line ${line} is no field of a stanza`,
    });
  });

  it("refuses text without any empty line", async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(1024 ** 2, "Tag: x\n");
    };
    await expect(encodeDebIndexFrom(threads, endless(), 0, options)).rejects.toMatchObject({
      code: "REPOSITORY_METADATA_INVALID",
    });
  });
});
