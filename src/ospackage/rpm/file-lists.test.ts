import { describe, expect, it } from "vitest";
import { encodeRpmIndex } from "./encode-rpm-index.ts";
import { ownersFromFileLists, pathsWithoutOwner, withFileOwners } from "./file-lists.ts";
import { openRpmIndex } from "./open-rpm-index.ts";
import type { RpmIndex } from "./rpm-index.ts";

const [A, B] = ["aa".repeat(32), "bb".repeat(32)];

function fileLists(packages: readonly string[], announced: number | string = packages.length): Uint8Array[] {
  return [
    Buffer.from(
      `<?xml version="1.0"?><filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="${announced}">${packages.join("")}</filelists>`,
    ),
  ];
}

function listed(digest: string, ...files: readonly string[]): string {
  return `<package pkgid="${digest}" name="n" arch="noarch"><version epoch="0" ver="1" rel="1"/>${files.join("")}</package>`;
}

const LISTS = [
  listed(A, "<file>/usr/libexec/a</file>", '<file type="dir">/srv</file>', "<file>/x&amp;y</file>"),
  listed(B, '<file type="dir">/srv</file>', "<file>/srv/b\nc</file>"),
];

describe("ownersFromFileLists()", () => {
  it("finds the packages that have a wanted path", async () => {
    const owners = await ownersFromFileLists(fileLists(LISTS), ["/srv", "/x&y", "/usr", "/usr/libexec/a"]);
    expect(owners).toEqual(
      new Map([
        ["/srv", [A, B]],
        ["/x&y", [A]],
        ["/usr", []],
        ["/usr/libexec/a", [A]],
      ]),
    );
  });

  it("knows packages by longer digests", async () => {
    const digest = "cc".repeat(64);
    const owners = await ownersFromFileLists(fileLists([listed(digest, "<file>/x</file>")]), ["/x"]);
    expect(owners).toEqual(new Map([["/x", [digest]]]));
  });

  it("reads file lists of any size in little memory", async () => {
    const filler = listed(
      B,
      ...Array.from({ length: 2000 }, (_, number) => `<file>/usr/share/filler/${number}</file>`),
    );
    function* many(): Generator<Uint8Array> {
      yield Buffer.from('<filelists packages="401">');
      for (let count = 0; count < 400; count += 1) yield Buffer.from(filler);
      yield Buffer.from(listed(A, "<file>/last</file>"));
      yield Buffer.from("</filelists>");
    }
    expect(await ownersFromFileLists(many(), ["/last"])).toEqual(new Map([["/last", [A]]]));
  });

  it.each<[string, Uint8Array[], string]>([
    ["primary metadata", [Buffer.from("<metadata/>")], "not <filelists>"],
    ["a wrong count", fileLists(LISTS, 3), "announces 3 packages and has 2"],
    ["no count", fileLists(LISTS, ""), "announces  packages"],
    ["a pkgid that is no digest", fileLists([listed("ab")]), "no pkgid"],
    ["a cut file", [Buffer.from("<filelists packages='1'><package")], "malformed"],
    ["nothing", [], "no element"],
  ])("refuses %s", async (_, text, message) => {
    const act = ownersFromFileLists(text, ["/srv"], { origin: "http://x/f" });
    await expect(act).rejects.toMatchObject({ code: "REPOSITORY_METADATA_INVALID" });
    await expect(act).rejects.toThrowError(message);
  });
});

function packageXml(name: string, digest: string, format: string): string {
  return `<package type="rpm"><name>${name}</name><arch>noarch</arch><version ver="1" rel="1"/><checksum type="sha256">${digest}</checksum><size package="1"/><location href="x"/><format>${format}</format></package>`;
}

function indexOf(...packages: readonly string[]): RpmIndex {
  const xml = `<metadata xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">${packages.join("")}</metadata>`;
  return openRpmIndex(encodeRpmIndex(Buffer.from(xml)));
}

describe("withFileOwners()", () => {
  it("adds them to those that the index knows, each once", async () => {
    const index = indexOf(packageXml("a", A, "<file>/srv</file>"), packageXml("b", B, ""));
    const unknown = listed("cc".repeat(32), "<file>/srv</file>");
    const owners = await ownersFromFileLists(fileLists([...LISTS, unknown]), ["/srv", "/usr/libexec/a"]);
    const complete = withFileOwners(index, owners);
    expect(["/srv", "/opt"].map((path) => [index, complete].map((each) => each.knowsOwnersOf(path)))).toEqual([
      [false, true],
      [false, false],
    ]);
    expect(index.ownersOf("/srv").map(({ name }) => name)).toEqual(["a"]);
    expect(complete.ownersOf("/srv").map(({ name }) => name)).toEqual(["a", "b"]);
    expect(complete.ownersOf("/usr/libexec/a").map(({ name }) => name)).toEqual(["a"]);
    expect(complete.byName("b")).toBe(index.byName("b"));
  });
});

describe("pathsWithoutOwner()", () => {
  it("are those that packages need and that no index has, also inside rich dependencies", () => {
    const needs = (...names: readonly string[]): string =>
      `<rpm:requires>${names.map((name) => `<rpm:entry name="${name}"/>`).join("")}</rpm:requires>`;
    const indexes = [
      indexOf(packageXml("a", A, needs("/opt/b", "libc.so.6", "(/opt/c if (x or /opt/d))"))),
      indexOf(packageXml("b", B, `${needs("/opt/a", "/opt/e")}<file>/opt/b</file><file>/opt/e</file>`)),
    ];
    expect(pathsWithoutOwner(indexes)).toEqual(["/opt/a", "/opt/c", "/opt/d"]);
  });
});
