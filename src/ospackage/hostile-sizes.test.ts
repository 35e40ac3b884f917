import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arOf, tarOf } from "../../test/fixtures/make-deb.ts";
import { headerOf, packageOf, type TagRecord } from "../../test/fixtures/make-rpm-parts.ts";
import { rpmOf } from "../../test/fixtures/make-rpm.ts";
import { type MeasuredOutcome, measureApart } from "../../test/fixtures/peak-memory.ts";

/** Inputs that are small on their way and large wherever somebody believes what they say. */

const PROGRAM = path.join(import.meta.dirname, "../../test/fixtures/read-hostile.ts");
const MAX_PEAK_BYTES = 512 * 1024 ** 2;
const MIB = 1024 ** 2;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "hostile-sizes-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function read(kind: string, place = directory): MeasuredOutcome {
  return measureApart(PROGRAM, [kind, place]);
}

/** Nothing of what was refused stays. */
function cached(): string[] {
  const entries = readdirSync(path.join(directory, "cache"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("packages with absurd sizes", () => {
  function write(bytes: Uint8Array): string {
    const file = path.join(directory, "package");
    writeFileSync(file, bytes);
    return file;
  }
  /** A header whose only list are as many empty strings as a header may have bytes. */
  function endlessList(): Buffer {
    const main = headerOf(63, [{ tag: 1117, type: "binary", values: Buffer.alloc(47 * MIB) }]);
    main.writeUInt32BE(8, 16 + 16 + 4);
    return packageOf("x", headerOf(62, [{ tag: 1002, type: "binary", values: Buffer.from("garbage") }]), main);
  }
  const times = (count: number, value: (index: number) => number | string) =>
    Array.from({ length: count }, (_, index) => value(index));

  it("takes little for a list of millions, whether or not somebody has signed it", () => {
    const file = write(endlessList());
    const checked = read("rpm-checked", file);
    expect(checked).toMatchObject({ code: "PACKAGE_TOO_LARGE" });
    expect(checked.message).toMatch(/its header has \d+ values of the tag 1117, and no more than \d+ are read$/);
    const verified = read("rpm-verified", file);
    expect(verified).toMatchObject({ code: "PACKAGE_SIGNATURE_INVALID" });
    for (const { peakBytes } of [checked, verified]) expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });

  it("reads as many files as a package may have, with everything that may be said of them", async () => {
    const count = 150_000;
    const numbers = (tag: number): TagRecord => ({
      tag,
      type: "int32",
      values: times(count, (index) => 0x9000_0000 + index),
    });
    const texts = (tag: number, start: string): TagRecord => ({
      tag,
      type: "strings",
      values: times(count, (index) => start + String(index)),
    });
    const tags: TagRecord[] = [
      ...[1028, 1034, 1037, 1095, 1096].map(numbers),
      ...[1036, 1039, 1040, 1097, 5010].map((tag) => texts(tag, "text")),
      texts(1035, "0".repeat(58)),
      texts(1117, "\u4e2d"),
      { tag: 1030, type: "int16", values: times(count, () => 0o100644) },
      { tag: 1116, type: "int32", values: times(count, () => 0) },
      { tag: 1118, type: "strings", values: [`/${"d".repeat(90)}/`] },
    ];
    const outcome = read(
      "rpm-checked",
      write(await rpmOf({ name: "x", compressor: "", archive: Buffer.alloc(0), tags })),
    );
    expect(outcome.code).toBeUndefined();
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });

  it("refuses paths that are far longer than the header, as all are below the same directory", async () => {
    const count = 100_000;
    const tags: TagRecord[] = [
      { tag: 1028, type: "int32", values: times(count, () => 0) },
      { tag: 1030, type: "int16", values: times(count, () => 0o100644) },
      { tag: 1116, type: "int32", values: times(count, () => 0) },
      { tag: 1117, type: "strings", values: times(count, String) },
      { tag: 1118, type: "strings", values: [`/${"d".repeat(4000)}/`] },
    ];
    const outcome = read(
      "rpm-checked",
      write(await rpmOf({ name: "x", compressor: "", archive: Buffer.alloc(0), tags })),
    );
    expect(outcome).toMatchObject({ code: "PACKAGE_TOO_LARGE", message: expect.stringContaining("paths") as string });
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });

  it("refuses a control archive of endless files, of endless lines, and a member of more bytes than there are", () => {
    const deb = (control: Buffer): string =>
      write(
        arOf([
          { name: "debian-binary", content: "2.0\n" },
          { name: "control.tar.gz", content: gzipSync(control) },
          { name: "data.tar.gz", content: gzipSync(tarOf([])) },
        ]),
      );
    const empty = tarOf([{ name: "./control", content: "" }]).subarray(0, 512);
    const outcomes = [
      read("deb", deb(Buffer.concat(Array.from({ length: 100_000 }, () => empty)))),
      read("deb", deb(tarOf([{ name: "./control", content: "\n".repeat(60 * MIB) }]))),
    ];
    expect(outcomes.map(({ code }) => code)).toEqual(["PACKAGE_TOO_LARGE", "PACKAGE_FORMAT_INVALID"]);
    const absurd =
      arOf([{ name: "debian-binary", content: "2.0\n" }]).toString("latin1") +
      arOf([{ name: "control.tar", content: "x" }])
        .toString("latin1", 8)
        .replace(/1 {9}/, "9999999999");
    outcomes.push(read("deb", write(Buffer.from(absurd, "latin1"))));
    expect(outcomes.at(-1)).toMatchObject({ code: "PACKAGE_FORMAT_INVALID" });
    for (const { peakBytes } of outcomes) expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });
});

describe("an rpm repository with absurd sizes", () => {
  interface Sizes {
    readonly name?: string;
    readonly sizeBytes?: number;
    readonly openSizeBytes?: number;
    readonly sha256?: string;
  }
  function describePrimary(content: Uint8Array, { name = "primary.xml.gz", openSizeBytes, ...said }: Sizes): string {
    mkdirSync(path.join(directory, "repodata"), { recursive: true });
    const { sizeBytes = content.length, sha256 = createHash("sha256").update(content).digest("hex") } = said;
    const file = path.join(directory, "repodata", name);
    writeFileSync(file, content);
    const open = openSizeBytes === undefined ? "" : `<open-size>${openSizeBytes}</open-size>`;
    writeFileSync(
      path.join(directory, "repodata/repomd.xml"),
      `<?xml version="1.0"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="primary">
<checksum type="sha256">${sha256}</checksum><location href="repodata/${name}"/><size>${sizeBytes}</size>${open}</data></repomd>`,
    );
    return file;
  }
  const HEAD = `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages=`;

  /** Packages with so many files each: gzip takes a hundredth. */
  function primaryOf(packageCount: number, fileCount: number): Buffer {
    const files = Array.from(
      { length: fileCount },
      (_, index) => `<file>/etc/some/directory/here/number-${index}</file>`,
    ).join("");
    const one = (
      index: number,
    ): string => `<package type="rpm"><name>p${index}</name><arch>noarch</arch><version epoch="0" ver="1" rel="1"/>
<checksum type="sha256" pkgid="YES">${index.toString(16).padStart(64, "0")}</checksum><summary/><description/><packager/><url/><time file="1" build="1"/>
<size package="1" installed="1" archive="1"/><location href="p${index}.rpm"/><format><rpm:license>MIT</rpm:license>${files}</format></package>\n`;
    return Buffer.concat([
      Buffer.from(`${HEAD}"${packageCount}">`),
      ...Array.from({ length: packageCount }, (_, index) => Buffer.from(one(index))),
      Buffer.from("</metadata>"),
    ]);
  }

  it("does not ask for a file that is said to be larger than any", () => {
    truncateSync(describePrimary(Buffer.alloc(1), { name: "primary.xml", sizeBytes: 1500 * MIB }), 1500 * MIB);
    const outcome = read("rpm-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_TOO_LARGE" });
    expect(outcome.message).toMatch(/repomd.xml says that it has 1\.5 GiB, and no more than 128 MiB are read$/);
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES / 2);
  });

  it("has little of a file in memory before its digest is known", () => {
    truncateSync(
      describePrimary(Buffer.alloc(1), { name: "primary.xml", sizeBytes: 127 * MIB, sha256: "0".repeat(64) }),
      127 * MIB,
    );
    const outcome = read("rpm-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES / 2);
    expect(cached()).toEqual([]);
  });

  it("refuses plain text of more than any has, whether or not that is said", () => {
    const spaces = gzipSync(Buffer.alloc(520 * MIB, " "), { level: 1 });
    describePrimary(spaces, { openSizeBytes: 520 * MIB });
    const said = read("rpm-repository");
    expect(said.message).toContain("repomd.xml says that it has 520 MiB decompressed, and no more than 512 MiB");
    describePrimary(gzipSync(Buffer.alloc(100 * MIB, " "), { level: 1 }), {});
    const unsaid = read("rpm-repository");
    expect([said.code, unsaid.code]).toEqual(["REPOSITORY_TOO_LARGE", "REPOSITORY_METADATA_INVALID"]);
    for (const { peakBytes } of [said, unsaid]) expect(peakBytes).toBeLessThan(MAX_PEAK_BYTES);
    expect(cached()).toEqual([]);
  });

  it("refuses an index that would take too much, though all sizes are as they should be", () => {
    describePrimary(gzipSync(primaryOf(4_000, 800), { level: 1 }), {});
    const outcome = read("rpm-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_TOO_LARGE" });
    expect(outcome.message).toMatch(/what is kept of its packages takes more than 128 MiB$/);
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
    expect(cached()).toEqual([]);
  });

  it("takes one that is just below", () => {
    describePrimary(gzipSync(primaryOf(2_500, 800), { level: 1 }), {});
    const outcome = read("rpm-repository");
    expect(outcome.code).toBeUndefined();
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
  });
});

describe("a Debian repository with absurd sizes", () => {
  interface Listed {
    readonly path: string;
    readonly sizeBytes: number;
    readonly sha256?: string;
  }
  function describeIndexes(listed: readonly Listed[]): void {
    mkdirSync(path.join(directory, "dists/x/main/binary-amd64"), { recursive: true });
    const lines = listed.map(({ path: name, sizeBytes, sha256 = "0".repeat(64) }) => ` ${sha256} ${sizeBytes} ${name}`);
    const fields = [
      "Suite: x",
      "Codename: x",
      "Date: Mon, 05 Jan 2026 12:00:00 UTC",
      "Components: main",
      "Architectures: amd64",
    ];
    writeFileSync(path.join(directory, "dists/x/Release"), [...fields, "SHA256:", ...lines, ""].join("\n"));
  }
  const INDEX = "main/binary-amd64/Packages";

  it("does not ask for a file that is said to be larger than any, as it is or decompressed", () => {
    describeIndexes([{ path: `${INDEX}.gz`, sizeBytes: 1500 * MIB }]);
    const large = read("deb-repository");
    expect(large.message).toMatch(/its Release says that it has 1\.5 GiB, and no more than 128 MiB are read$/);
    describeIndexes([
      { path: `${INDEX}.gz`, sizeBytes: 100 },
      { path: INDEX, sizeBytes: 1500 * MIB },
    ]);
    const plain = read("deb-repository");
    expect(plain.message).toMatch(
      /its Release says that it has 1\.5 GiB decompressed, and no more than 512 MiB are read$/,
    );
    expect([large.code, plain.code]).toEqual(["REPOSITORY_TOO_LARGE", "REPOSITORY_TOO_LARGE"]);
  });

  it("has little of a file in memory before its digest is known", () => {
    describeIndexes([{ path: `${INDEX}.gz`, sizeBytes: 127 * MIB }]);
    const file = path.join(directory, "dists/x", `${INDEX}.gz`);
    writeFileSync(file, "");
    truncateSync(file, 127 * MIB);
    const outcome = read("deb-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_DIGEST_MISMATCH" });
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES / 2);
    expect(cached()).toEqual([]);
  });

  it("refuses an index that would take too much", () => {
    const provides = Array.from({ length: 20_000 }, (_, index) => `virtual-package-${index}`).join(", ");
    const stanza = (index: number): string =>
      `Package: p${index}\nVersion: 1\nArchitecture: amd64\nFilename: p${index}.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\nProvides: ${provides}\n\n`;
    const content = gzipSync(Buffer.concat(Array.from({ length: 300 }, (_, index) => Buffer.from(stanza(index)))), {
      level: 1,
    });
    const sha256 = createHash("sha256").update(content).digest("hex");
    describeIndexes([{ path: `${INDEX}.gz`, sizeBytes: content.length, sha256 }]);
    writeFileSync(path.join(directory, "dists/x", `${INDEX}.gz`), content);
    const outcome = read("deb-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_TOO_LARGE" });
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES);
    expect(cached()).toEqual([]);
  });

  it("refuses a Release of endless lines", () => {
    describeIndexes([]);
    writeFileSync(path.join(directory, "dists/x/Release"), "\n".repeat(15 * MIB));
    const outcome = read("deb-repository");
    expect(outcome).toMatchObject({ code: "REPOSITORY_METADATA_INVALID" });
    expect(outcome.message).toContain("lines");
    expect(outcome.peakBytes).toBeLessThan(MAX_PEAK_BYTES / 2);
  });
});
