import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { testHost } from "../../../test/fixtures/test-host.ts";
import type { FileDigest, Sha256Hex } from "../../core/index.ts";
import { encodeRpmIndex, encodeRpmIndexFrom, type LeftOutPackages } from "./encode-rpm-index.ts";
import { openRpmIndex } from "./open-rpm-index.ts";

const { threads } = testHost(new Date(0));

const DIGEST = "ab".repeat(32);

interface Parts {
  readonly name?: string;
  readonly arch?: string;
  readonly version?: string;
  readonly checksum?: string;
  readonly size?: string;
  readonly location?: string;
  readonly about?: string;
  readonly format?: string;
}

function packageXml(parts: Parts = {}): string {
  const {
    name = "hello",
    arch = "x86_64",
    version = '<version epoch="0" ver="2.12" rel="3.azl3"/>',
    checksum = `<checksum type="sha256" pkgid="YES">${DIGEST}</checksum>`,
    size = '<size package="53132" installed="1024" archive="2048"/>',
    location = '<location href="Packages/h/hello.rpm"/>',
    about = "",
    format = "",
  } = parts;
  return `<package type="rpm"><name>${name}</name><arch>${arch}</arch>${version}${checksum}<summary>a <![CDATA[<b>]]> &amp; c</summary>
<description>several
lines</description>${about}<time file="2" build="1700000000"/>${size}${location}<format>${format}</format></package>`;
}

function primary(packages: readonly string[], announced = packages.length): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${announced}">
${packages.join("\n")}
</metadata>
`;
}

function open(...packages: readonly Parts[]) {
  return openRpmIndex(encodeRpmIndex(Buffer.from(primary(packages.map(packageXml))), { origin: "http://x/p" }));
}

function entries(relation: string, ...attributes: readonly string[]): string {
  return `<rpm:${relation}>${attributes.map((text) => `<rpm:entry ${text}/>`).join("\n")}</rpm:${relation}>`;
}

describe("encodeRpmIndex() and openRpmIndex()", () => {
  it("give back everything of a package", () => {
    const format = [
      "<rpm:license>GPL-3.0-or-later &amp; more</rpm:license><rpm:vendor>V</rpm:vendor><rpm:group>G</rpm:group>",
      "<rpm:buildhost>b</rpm:buildhost><rpm:sourcerpm>hello-src-2.12-3.azl3.src.rpm</rpm:sourcerpm>",
      '<rpm:header-range start="1" end="2"/>',
      entries(
        "requires",
        'name="/bin/sh" pre="1"',
        "name='(a &gt;= 1 or /usr/bin/b)'",
        'name="c"',
        'name="rpmlib(X)" flags="LE" epoch="0" ver="3.0.4" rel="1"',
      ),
      entries(
        "provides",
        'name="hello" flags="EQ" epoch="0" ver="2.12" rel="3.azl3"',
        'rel="3" ver="2" epoch="1" flags="EQ" name="hello(x86-64)"',
      ),
      entries("conflicts", 'name="d" flags="LT" epoch="2" ver="1~rc"'),
      entries("obsoletes", 'name="old" flags="GT" ver="1^git"'),
      entries("recommends", 'name="e"'),
      entries("suggests", 'name="f"'),
      entries("supplements", 'name="(g and h)"'),
      entries("enhances", 'name="i"'),
      '<file>/usr/bin/hello</file><file type="dir">/etc/hello.d</file><file type="ghost">/var/&lt;x&gt;</file>',
    ].join("\n");
    const index = open({
      about: "<packager>Jörg &lt;j@example.org&gt;</packager><url>https://example.org/?a=1&amp;b</url>",
      version: '<version rel="3.azl3" ver="2.12" epoch="1"/>',
      location: '<location xml:base="https://media.example/1" href="h.rpm"/>',
      format,
    });
    expect(index.packageCount).toBe(1);
    expect(index.knowsOwnersOf("/usr/bin/b")).toBe(false);
    expect(index.byName("hello")).toEqual([
      {
        name: "hello",
        version: "1:2.12-3.azl3",
        architecture: "x86_64",
        source: { name: "hello-src", version: "2.12-3.azl3" },
        maintainer: "Jörg <j@example.org>",
        homepage: "https://example.org/?a=1&b",
        section: "G",
        path: "h.rpm",
        baseUrl: "https://media.example/1/",
        sizeBytes: 53132,
        installedSizeBytes: 1024,
        sha256: DIGEST,
        licence: "GPL-3.0-or-later & more",
        buildTimeSeconds: 1_700_000_000,
        requires: "(a >= 1 or /usr/bin/b)\tc\trpmlib(X) <= 3.0.4-1",
        preRequires: "/bin/sh",
        provides: "hello = 2.12-3.azl3\thello(x86-64) = 1:2-3",
        conflicts: "d < 2:1~rc",
        obsoletes: "old > 1^git",
        recommends: "e",
        suggests: "f",
        supplements: "(g and h)",
        enhances: "i",
      },
    ]);
    const hello = index.byName("hello");
    expect(index.providersOf("hello(x86-64)")).toEqual(hello);
    expect(index.providersOf("hello(x86")).toEqual([]);
    expect(index.obsoletersOf("old")).toEqual(hello);
    expect(index.ownersOf("/etc/hello.d")).toEqual(hello);
    expect(index.ownersOf("/var/<x>")).toEqual(hello);
    expect(index.ownersOf("/etc")).toEqual([]);
    expect(index.providersOf("")).toEqual([]);
    expect(index.withDigest(DIGEST as Sha256Hex)).toEqual(hello);
    expect(index.neededPaths()).toEqual(["/bin/sh", "/usr/bin/b"]);
  });

  it.each([
    ["sha384", 48],
    ["sha512", 64],
  ])("know packages by %s", (type, byteCount) => {
    const longDigest = "0B".repeat(byteCount);
    const index = open({ checksum: `<checksum type="${type}" pkgid="YES">${longDigest}</checksum>` });
    const [hello] = index.byName("hello");
    expect(hello).toMatchObject({ longDigest: longDigest.toLowerCase() });
    expect(hello).not.toHaveProperty("sha256");
    expect(index.withDigest(longDigest.toLowerCase() as FileDigest)).toEqual([hello]);
  });

  it("take vendor and own version where packager and source are absent", () => {
    const [found] = open({ format: "<rpm:vendor>V</rpm:vendor>" }).byName("hello");
    expect(found).toMatchObject({ maintainer: "V", source: { name: "hello", version: "2.12-3.azl3" } });
    expect(found).not.toHaveProperty("baseUrl");
  });

  it("keep order, and leave out source packages with all that they provide", () => {
    const format = entries("provides", 'name="x"') + "<file>/f</file>";
    const index = open(
      { name: "b", arch: "src", format },
      { name: "b", format },
      { name: "a", arch: "noarch", format },
    );
    expect([...index.names()]).toEqual(["a", "b"]);
    expect(index.providersOf("x").map(({ name, architecture }) => `${name} ${architecture}`)).toEqual([
      "b x86_64",
      "a noarch",
    ]);
    expect(index.ownersOf("/f")).toHaveLength(2);
    expect(index.byName("absent")).toEqual([]);
  });

  it("treat a relation without flags, or with an empty version, as one to every version", () => {
    const format = entries(
      "requires",
      'name="a" ver="1"',
      'name="b" flags="GE" epoch="0" ver=""',
      'name="c" flags="GE" ver="1" rel=""',
    );
    expect(open({ format }).byName("hello")[0]?.requires).toBe("a\tb\tc >= 1");
  });

  it("read comments, CDATA, processing instructions, character references and either quote", () => {
    const format = `<!-- <rpm:x> --><?pi > ?><rpm:license>a<![CDATA[ & ]]>b<!-- c -->&#100;&#x65;&#x1F600;</rpm:license>${entries("provides", `name='"q"'`, 'name="a&apos;&quot;"')}`;
    expect(open({ format }).byName("hello")[0]).toMatchObject({ licence: "a & bde😀", provides: `"q"\ta'"` });
  });

  it("decode any text as it was encoded", () => {
    const text = fc.string({ unit: fc.constantFrom(..."aä😀<>&\"';#x1 \u{10ffff}"), minLength: 1, maxLength: 30 });
    const encode = (value: string, isNumeric: boolean): string =>
      value.replace(/[<>&"']/g, (found) => {
        const named = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;" }[found];
        return isNumeric ? `&#${found.charCodeAt(0)};` : (named ?? "");
      });
    fc.assert(
      fc.property(text, fc.boolean(), (value, isNumeric) => {
        const [found] = open({ about: `<packager>${encode(value, isNumeric)}</packager>` }).byName("hello");
        expect(found?.maintainer).toBe(value.trim());
        const rich = `(${value})`;
        const format = entries("recommends", `name="${encode(rich, isNumeric)}"`);
        expect(open({ format }).byName("hello")[0]?.recommends).toBe(rich);
      }),
    );
  });

  it("find every name, capability, path and digest of any index", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,6}$/), { maxLength: 30 });
    fc.assert(
      fc.property(names, (wanted) => {
        const index = open(
          ...wanted.map((name) => ({
            name,
            format: `${entries("provides", `name="p(${name})"`)}<file>/f/${name}</file>`,
          })),
        );
        expect([...index.names()]).toEqual([...wanted].sort());
        for (const name of wanted) {
          const found = index.byName(name);
          expect(found.map((one) => one.name)).toEqual([name]);
          expect(index.providersOf(`p(${name})`)).toEqual(found);
          expect(index.ownersOf(`/f/${name}`)).toEqual(found);
        }
        expect(index.withDigest(DIGEST as Sha256Hex)).toHaveLength(wanted.length);
      }),
      { numRuns: 30 },
    );
  });

  it("give equal bytes for a stream in pieces of any size", async () => {
    const format = `${entries("provides", ...Array.from({ length: 400 }, (_, number) => `name="capability-${number}"`))}<file>/x</file>`;
    const text = Buffer.from(
      primary(Array.from({ length: 700 }, (_, number) => packageXml({ name: `n${number}`, format }))),
    );
    expect(text.length).toBeGreaterThan(9 * 1024 ** 2);
    const whole = encodeRpmIndex(text);
    for (const pieceBytes of [7919, 3 * 1024 ** 2, text.length]) {
      expect(Buffer.compare(await encodeRpmIndexFrom(threads, pieces(text, pieceBytes)), whole)).toBe(0);
    }
    expect(openRpmIndex(whole).providersOf("capability-399")).toHaveLength(700);
  });

  it.each<[string, Parts, string]>([
    ["no name", { name: "" }, "a package has no name"],
    ["no version", { version: "" }, 'the package "hello" has no version'],
    ["a version without a release", { version: '<version epoch="0" ver="1"/>' }, "has no release"],
    ["no architecture", { arch: "" }, "has no architecture"],
    ["no location", { location: "" }, 'the package "hello" has no location'],
    ["a path that climbs", { location: '<location href="../x.rpm"/>' }, 'has the unsafe location "../x.rpm"'],
    ["an absolute path", { location: '<location href="/x.rpm"/>' }, 'has the unsafe location "/x.rpm"'],
    ["an encoded climb", { location: '<location href="a/%2e%2E/x"/>' }, 'has the unsafe location "a/%2e%2E/x"'],
    ["half of one", { location: '<location href="a/.%2e/x"/>' }, "unsafe location"],
    ["an encoded slash", { location: '<location href="%2Fetc/x"/>' }, "unsafe location"],
    ["an encoded backslash", { location: '<location href="a%5cb"/>' }, "unsafe location"],
    ["an encoded NUL", { location: '<location href="a%00"/>' }, "unsafe location"],
    ["no checksum", { checksum: "" }, "sha256, sha384 and sha512 are supported"],
    ["another checksum", { checksum: `<checksum type="sha3-256">${DIGEST}</checksum>` }, "are supported"],
    ["a short checksum", { checksum: '<checksum type="sha256">ab</checksum>' }, "a checksum that is no sha256"],
    ["a checksum of another type", { checksum: `<checksum type="sha512">${DIGEST}</checksum>` }, "is no sha512"],
    ["no size", { size: "" }, "has no size"],
    ["an absurd size", { size: '<size package="99999999999999"/>' }, "an impossible one"],
    ["a field twice", { about: "<name>x</name>" }, "says something twice"],
    ["a relation twice", { format: entries("provides") + entries("provides") }, "has its provides twice"],
    ["an unnamed entry", { format: entries("provides", 'flags="EQ"') }, "has no name"],
    ["a name with a blank", { format: entries("requires", 'name="a >= 1"') }, "has a blank in it"],
    ["a name with a tab", { format: entries("requires", 'name="a&#9;b"') }, "control character"],
    ["unknown flags", { format: entries("requires", 'name="a" flags="NE" ver="1"') }, 'unknown flags "NE"'],
    [
      "a long version in a relation",
      { format: entries("requires", `name="a" flags="EQ" ver="${"1".repeat(2000)}"`) },
      "2000",
    ],
    ["an epoch that is no number", { format: entries("requires", 'name="a" flags="EQ" epoch="x" ver="1"') }, "epoch"],
    ["a relative path", { format: "<file>etc</file>" }, "not absolute"],
    ["an element in a text", { about: "<url><b/></url>" }, "<b> is where only text may be"],
    ["a control character", { about: "<url>\u0001</url>" }, "control character"],
    ["an attribute twice", { version: '<version ver="1" ver="2" rel="1"/>' }, "attribute twice"],
    ["a value without quotes", { version: "<version ver=1 rel=1/>" }, "has no quotes"],
    ["crossed elements", { about: "<a><b></a></b>" }, "</a> closes what is not open"],
    ["an unknown entity", { about: "<url>&nbsp;</url>" }, '"&nbsp" stands for no character'],
    ["a NUL by reference", { about: "<url>&#0;</url>" }, "stands for no character"],
    ["another prefix", { about: '<x xmlns:r="http://linux.duke.edu/metadata/rpm"/>' }, 'cannot be read as "xmlns:r"'],
    ["another meaning of rpm:", { about: '<x xmlns:rpm="http://x"/>' }, 'cannot be read as "xmlns:rpm"'],
    ["deep nesting", { about: "<a>".repeat(100) }, "nested more than 32 deep"],
  ])("refuse %s", (_, parts, message) => {
    const act = (): unknown => open({}, parts);
    expect(act).toThrowError(expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }));
    expect(act).toThrowError('Cannot read the primary metadata "http://x/p": ');
    expect(act).toThrowError(message);
    expect(act).toThrowError(/ \(byte \d+\)$/);
  });

  it.each<[string, Parts, string]>([
    ["a name that is none", { name: "a/b" }, 'a package has the name "a/b", which is none'],
    ["a name with a line break", { name: "a\nb" }, 'a package has the name "a b", which is none'],
    ["an architecture that is none", { arch: "x86-64" }, 'the package "hello" has the architecture "x86-64", which'],
    ["a version with a blank", { version: '<version ver="1 2" rel="1"/>' }, 'has the version "0:1 2-1", which is none'],
    [
      "a release with ?",
      { version: '<version ver="1" rel="1%{?dist}"/>' },
      'the version "0:1-1%{?dist}", which is none',
    ],
    [
      "a strange epoch",
      { version: '<version epoch="-1" ver="1" rel="1"/>' },
      'has the version "-1:1-1", which is none',
    ],
    [
      "a blank in a relation's version",
      { format: entries("requires", 'name="a" flags="EQ" ver="1 2"') },
      'has a relation to the version "1 2", which is none',
    ],
    ["a base that is no address", { location: '<location href="x" xml:base="javascript:1"/>' }, "an xml:base that"],
    [
      "a base that nobody here can ask",
      { location: '<location href="x" xml:base="ftp://me:secret@example.org/y"/>' },
      'the package "hello" has an xml:base that cannot be asked, "ftp://example.org/y/"',
    ],
  ])("leave out a package with %s, and all that it provides", async (_, parts, reason) => {
    const format = `${entries("provides", 'name="p"')}${entries("obsoletes", 'name="o"')}<file>/f</file>`;
    const text = primary([
      packageXml({ name: "before", format }),
      packageXml({ ...parts, format: format + (parts.format ?? "") }),
      packageXml({ ...parts, name: "x/y", format }),
      packageXml({ name: "last", format }),
    ]);
    const onLeftOut = vi.fn<(leftOut: LeftOutPackages) => void>();
    const bytes = encodeRpmIndex(Buffer.from(text), { onLeftOut });
    expect(onLeftOut.mock.calls).toEqual([[{ count: 2, first: expect.stringContaining(reason) as string }]]);
    const index = openRpmIndex(bytes);
    expect([...index.names()]).toEqual(["before", "last"]);
    for (const found of [index.providersOf("p"), index.obsoletersOf("o"), index.ownersOf("/f")]) {
      expect(found.map(({ name }) => name)).toEqual(["before", "last"]);
    }
    expect(index.withDigest(DIGEST as Sha256Hex)).toHaveLength(2);
    const kept = primary([packageXml({ name: "before", format }), packageXml({ name: "last", format })]);
    expect(Buffer.compare(bytes, encodeRpmIndex(Buffer.from(kept)))).toBe(0);
    const streamed = vi.fn<(leftOut: LeftOutPackages) => void>();
    const again = await encodeRpmIndexFrom(threads, pieces(Buffer.from(text), 100), { onLeftOut: streamed });
    expect(Buffer.compare(again, bytes)).toBe(0);
    expect(streamed.mock.calls).toEqual(onLeftOut.mock.calls);
  });

  it("count and name packages that are left out across parts, but no source packages", async () => {
    const about = `<x>${"y".repeat(12_000)}</x>`;
    const text = primary(
      Array.from({ length: 300 }, (_, number) =>
        packageXml({
          about,
          name: `n${number}`,
          ...(number % 2 === 1 ? { location: '<location href="x" xml:base="javascript:1"/>' } : {}),
          ...(number === 1 ? { arch: "src" } : {}),
        }),
      ),
    );
    expect(text.length).toBeGreaterThan(3 * 1024 ** 2);
    const onLeftOut = vi.fn<(leftOut: LeftOutPackages) => void>();
    const bytes = await encodeRpmIndexFrom(threads, pieces(Buffer.from(text), 2 ** 16), { onLeftOut });
    const first = expect.stringMatching(/^the package "n3" has an xml:base/) as string;
    expect(onLeftOut.mock.calls).toEqual([[{ count: 149, first }]]);
    expect(openRpmIndex(bytes).packageCount).toBe(150);
    await expect(
      encodeRpmIndexFrom(threads, pieces(Buffer.from(text.replace('"300"', '"150"')), 2 ** 16)),
    ).rejects.toThrow("more packages than the 150");
  });

  it.each<[string, Parts, object]>([
    ["%{} in a release", { version: '<version ver="1" rel="1%{dist}"/>' }, { version: "1-1%{dist}" }],
    ["a percent sign in a name", { name: "%a%{b}" }, { name: "%a%{b}" }],
    ["what looks encoded in a location", { location: '<location href="a%2Bb/x.rpm"/>' }, { path: "a%2Bb/x.rpm" }],
    ["a percent sign that encodes nothing", { location: '<location href="x-1%{d}.rpm"/>' }, { path: "x-1%{d}.rpm" }],
  ])("take %s, as rpm and dnf do", (_, parts, expected) => {
    const index = open(parts);
    expect(index.byName(parts.name ?? "hello")).toEqual([expect.objectContaining(expected)]);
  });

  it("refuse weak digests by their own code", () => {
    const act = (): unknown => open({ checksum: `<checksum type="sha">${"a".repeat(40)}</checksum>` });
    expect(act).toThrowError(expect.objectContaining({ code: "REPOSITORY_WEAK_DIGEST" }));
  });

  it("refuse what is no primary metadata, is cut short or counts wrongly", () => {
    const encode = (text: string | Uint8Array): unknown => encodeRpmIndex(Buffer.from(text));
    expect(() => encode("")).toThrowError("it has no element");
    expect(() => encode("{}")).toThrowError("outside of all elements");
    expect(() => encode("<filelists packages='0'/>")).toThrowError("not <metadata>");
    expect(() => encode("<metadata/>")).toThrowError("does not say how many");
    expect(() => encode(primary([packageXml()], 2))).toThrowError("announces 2 packages and has 1");
    expect(() => encode(primary([packageXml(), packageXml()], 1))).toThrowError("more packages than the 1");
    expect(() => encode(primary([packageXml()]).replace("</metadata>", ""))).toThrowError("it ends within <metadata>");
    expect(() => encode(`<!DOCTYPE metadata>${primary([])}`)).toThrowError("document type");
    expect(() => encode(primary([]).replace("UTF-8", "UTF-16"))).toThrowError("it is in UTF-16");
    expect(() => encode(Buffer.from([0x3c, 0xff]))).toThrowError("not UTF-8");
  });

  it("never fail in another way, and always end, on changed text", () => {
    const text = primary([
      packageXml({ format: entries("requires", 'name="a" flags="GE" ver="1"', 'name="(a or b)"') }),
      packageXml({ format: "<file>/a</file>" }),
    ]);
    const piece = fc.constantFrom(
      "<",
      ">",
      "&",
      "&#",
      ";",
      '"',
      "'",
      "/",
      "<!--",
      "<![CDATA[",
      "]]>",
      "<?",
      "\0",
      "é",
      "=",
    );
    const change = fc.record({ at: fc.nat(text.length), dropped: fc.nat(9), inserted: fc.oneof(piece, fc.string()) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let changed = text;
        for (const { at, dropped, inserted } of changes)
          changed = changed.slice(0, at) + inserted + changed.slice(at + dropped);
        try {
          for (const name of openRpmIndex(encodeRpmIndex(Buffer.from(changed))).names()) expect(name).not.toBe("");
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^REPOSITORY_(METADATA_INVALID|WEAK_DIGEST)$/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("openRpmIndex()", () => {
  const bytes = encodeRpmIndex(Buffer.from(primary([packageXml()])));

  it("refuses bytes that are cut short or not its own", () => {
    for (const broken of [bytes.subarray(0, -4), bytes.subarray(0, 20), new Uint8Array(0), Buffer.alloc(500)]) {
      expect(() => openRpmIndex(broken)).toThrowError(expect.objectContaining({ code: "REPOSITORY_METADATA_INVALID" }));
    }
  });

  it("opens bytes at any offset of a buffer", () => {
    expect(openRpmIndex(Buffer.concat([Buffer.alloc(1), bytes]).subarray(1)).byName("hello")).toHaveLength(1);
  });
});

async function* pieces(text: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += pieceBytes) yield await Promise.resolve(text.subarray(at, at + pieceBytes));
}
