import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type PrivateKey, generateKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reportCounts } from "../../test/fixtures/hostile-templates.ts";
import { arOf, debOf, tarOf } from "../../test/fixtures/make-deb.ts";
import { type RpmFileRecord, type RpmRecord, rpmOf } from "../../test/fixtures/make-rpm.ts";
import type { TagRecord } from "../../test/fixtures/make-rpm-parts.ts";
import { type RandomBelow, mutateBytes, seededRandom } from "../../test/fixtures/mutate-bytes.ts";
import { signerOf, signerOfVersion3 } from "../../test/fixtures/sign-rpm.ts";
import { KEY_DATE, NOW, SIGNING_DATE, packageStanza, signCleartext } from "../../test/fixtures/signed-repository.ts";
import { testClock } from "../../test/fixtures/test-host.ts";
import { isComposerError } from "../core/index.ts";
import { type HostFiles, createProcessRunner, createTreeWriter, nodeFiles } from "../host/index.ts";
import { encodeDebIndex, openDebIndex, readDebControl, readDebControlFiles, unpackDeb } from "./deb/index.ts";
import { readTrustedKeys } from "./openpgp/index.ts";
import { parseRelease } from "./repository/release.ts";
import { verifySignature } from "./repository/verify-signature.ts";
import { encodeRpmIndex, openRpmIndex, parseRepomd } from "./rpm/index.ts";
import { RPM_TAG } from "./rpm/package/rpm-tags.ts";
import { checkRpm, readRpmPackage, unpackRpm, verifyRpm } from "./rpm/package/index.ts";

const IS_FULL = process.env["OIC_TEST_FULL"] !== undefined;
const RUNS = IS_FULL ? 100_000 : 1_500;
const MINUTE_MS = 60_000;
/** Processor time, which does not depend on what else the machine does. */
const MAX_CPU_MS = 1_000;
const MAX_BYTES = 512 * 1024 ** 2;

const FILE = "hostile";
const FILES: readonly RpmFileRecord[] = [
  { path: "/usr/share/x", mode: 0o40755 },
  { path: "/usr/share/x/a", content: "hello\n", mode: 0o104755, capabilities: "cap_chown=ep" },
  { path: "/usr/share/x/h1", content: "linked", inode: 7 },
  { path: "/usr/share/x/h2", content: "linked", inode: 7 },
  { path: "/usr/share/x/to", mode: 0o120777, linkTarget: "a" },
  { path: "/usr/share/x/ghost", flags: 64 },
];
const RPM: RpmRecord = {
  ...{ name: "x", epoch: 1, version: "2.0~rc1", release: "3.azl3", architecture: "x86_64", files: FILES },
  ...{ requires: ["a >= 1:2-3", "(b or c)", "/bin/sh"], preRequires: ["d"], provides: ["e = 1", "f(x)"] },
  ...{ conflicts: ["g < 2"], obsoletes: ["h"], recommends: ["i"], supplements: ["j"], pre: "true\n", post: "true\n" },
};
const CONTROL = "Package: hello\nVersion: 1:2-3\nArchitecture: all\nDepends: a (>= 1) | b, c\nDescription: x\n y\n";
const RELEASE = [
  ...["Origin: Test", "Suite: stable", "Codename: test", "Date: Mon, 05 Jan 2026 12:00:00 UTC", "Components: main"],
  ...[
    "Architectures: amd64",
    "Acquire-By-Hash: yes",
    "SHA256:",
    ` ${"0".repeat(64)} 100 main/binary-amd64/Packages`,
    "",
  ],
].join("\n");
const PRIMARY = `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="1">
<package type="rpm"><name>x</name><arch>x86_64</arch><version epoch="1" ver="2.0~rc1" rel="3.azl3"/>
<checksum type="sha256" pkgid="YES">${"ab".repeat(32)}</checksum><summary>S &amp; T</summary><description>D</description>
<packager>P</packager><url>https://example.org/</url><time file="1700000000" build="1700000000"/>
<size package="1000" installed="2000" archive="2100"/><location xml:base="https://example.org/" href="Packages/x/x.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor>V</rpm:vendor><rpm:group>G</rpm:group><rpm:buildhost>b</rpm:buildhost>
<rpm:sourcerpm>x-2.0~rc1-3.azl3.src.rpm</rpm:sourcerpm><rpm:header-range start="4504" end="9000"/>
<rpm:provides><rpm:entry name="x" flags="EQ" epoch="1" ver="2.0~rc1" rel="3.azl3"/></rpm:provides>
<rpm:requires><rpm:entry name="a" flags="GE" ver="1" pre="1"/><rpm:entry name="(b or c)"/></rpm:requires>
<file type="dir">/etc/x</file><file>/usr/bin/x</file></format></package>
</metadata>
`;
const REPOMD = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm"><revision>1700000000</revision>
<data type="primary"><checksum type="sha256">${"0a".repeat(32)}</checksum><open-checksum type="sha256">${"0b".repeat(32)}</open-checksum>
<location href="repodata/primary.xml.gz"/><timestamp>1700000000</timestamp><size>1000</size><open-size>10000</open-size></data>
</repomd>
`;

let sandbox: string;
let root: string;
let key: PrivateKey;
let keyFile: string;

beforeAll(async () => {
  sandbox = fs.mkdtempSync(path.join(os.tmpdir(), "hostile-packages-"));
  fs.writeFileSync(path.join(sandbox, "passwd"), "untouched");
  root = path.join(sandbox, "a", "b", "root");
  const options = { userIDs: { name: "x" }, type: "rsa", rsaBits: 2048, date: KEY_DATE, format: "object" } as const;
  ({ privateKey: key } = await generateKey(options));
  keyFile = path.join(sandbox, "key.asc");
  fs.writeFileSync(keyFile, key.toPublic().armor());
});
afterAll(() => fs.rmSync(sandbox, { recursive: true }));

/** The real host, except for one file that is in memory. */
function hostWith(bytes: Uint8Array) {
  const files: HostFiles = {
    ...nodeFiles,
    async *readStream() {
      for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
    },
  };
  return { files, processes: createProcessRunner(), clock: testClock(NOW) };
}

/** Unpacks below a fresh root, and looks whether anything is elsewhere. */
async function unpacked(unpack: (tree: ReturnType<typeof createTreeWriter>) => Promise<unknown>): Promise<void> {
  fs.mkdirSync(root, { recursive: true });
  try {
    const tree = createTreeWriter(root, { setOwners: false, maxBytes: 16 * 1024 ** 2, maxEntries: 10_000 });
    await unpack(tree);
    tree.finish();
  } finally {
    fs.rmSync(root, { recursive: true });
    const found = fs.readdirSync(sandbox, { recursive: true, encoding: "utf8" }).sort();
    expect(found).toEqual(["a", "a/b", "key.asc", "passwd"]);
    expect(fs.readFileSync(path.join(sandbox, "passwd"), "utf8")).toBe("untouched");
  }
}

/** A kind of input: valid ones, words of its format, and everything that is done with one. */
interface Kind {
  readonly seeds: readonly Uint8Array[];
  readonly words: readonly string[];
  /** Valid in its bytes and strange in what they say: taken for every third input. */
  readonly strange?: (random: RandomBelow) => Promise<Buffer>;
  /** Each action is tried, whatever became of the one before. */
  readonly actions: readonly ((bytes: Buffer) => unknown)[];
}

async function rpmKind(): Promise<Kind> {
  const signatures = { rsaHeader: signerOf(key, SIGNING_DATE), pgp: signerOfVersion3(key, SIGNING_DATE) };
  const compressors = ["", "gzip", "zstd", ...(IS_FULL ? (["xz", "bzip2"] as const) : [])] as const;
  const records: RpmRecord[] = [
    ...compressors.map((compressor) => ({ ...RPM, compressor, signatures })),
    { ...RPM, compressor: "", largeFiles: true },
    { ...RPM, compressor: "", withoutTags: [5092, 5097], withoutSignatureTags: [273] },
  ];
  const seeds = await Promise.all(records.map(rpmOf));
  const names = new Set(FILES.map((file) => file.path));
  const keys = await readTrustedKeys({ files: nodeFiles }, [{ file: keyFile, fingerprints: [] }]);
  return {
    seeds,
    words: [
      "./usr/share/x/",
      "/usr/share/x/",
      "cpio",
      "gzip",
      "zstd",
      "xz",
      "lzma",
      "a\0",
      "x\0",
      "sha256",
      ...FILES.map((file) => file.path),
    ],
    strange: (random) =>
      rpmOf({ ...RPM, compressor: "", tags: Array.from({ length: 1 + random(3) }, () => strangeTag(random)) }),
    actions: [
      (bytes) => readRpmPackage(hostWith(bytes), FILE),
      (bytes) => checkRpm(hostWith(bytes), FILE),
      async (bytes) => {
        const { rpm } = await verifyRpm(hostWith(bytes), FILE, keys, NOW);
        // What is signed is as it was.
        expect([rpm.name, rpm.version, rpm.files.map((file) => file.path)]).toEqual([
          RPM.name,
          RPM.version,
          [...names],
        ]);
      },
      (bytes) => unpacked((tree) => unpackRpm(hostWith(bytes), FILE, tree)),
    ],
  };
}

/** Any tag that the reader asks for, with values of any type and number. */
function strangeTag(random: RandomBelow): TagRecord {
  const any = <T>(values: readonly T[], otherwise: T): T => values[random(values.length)] ?? otherwise;
  const tag = any(
    Object.values(RPM_TAG).filter((number) => number >= 100),
    RPM_TAG.name,
  );
  const type = any(["int8", "int16", "int32", "int64", "string", "binary", "strings", "i18n"] as const, "int32");
  const count = type === "string" ? 1 : 1 + random(8);
  const texts = [
    "",
    "/",
    "..",
    "/../x",
    "a/b",
    "\n",
    "\u{1f4a5}",
    "/usr/share/x/",
    "sha256",
    "cpio",
    "zstd",
    "x".repeat(300),
  ];
  const numbers = [0, 1, 6, 8, 64, 127];
  const isText = type === "string" || type === "strings" || type === "i18n";
  return { tag, type, values: Array.from({ length: count }, () => (isText ? any(texts, "") : any(numbers, 0))) };
}

function debKind(): Kind {
  const entries = [
    { name: "./", type: "5", mode: 0o755 },
    { name: "./usr/share/x/", type: "5", mode: 0o755 },
    { name: "./usr/share/x/a", content: "hello\n", mode: 0o4755 },
    { name: "./usr/share/x/h", type: "1", linkName: "./usr/share/x/a" },
    { name: "./usr/share/x/to", type: "2", linkName: "a" },
  ];
  const compressed = arOf([
    { name: "debian-binary", content: "2.0\n" },
    { name: "control.tar.gz", content: gzipSync(tarOf([{ name: "./control", content: CONTROL }])) },
    { name: "data.tar.gz", content: gzipSync(tarOf(entries)) },
  ]);
  return {
    seeds: [debOf(CONTROL, entries), debOf(CONTROL, entries), compressed],
    words: [
      "./usr/share/x/",
      "./control",
      "data.tar",
      "control.tar",
      "debian-binary   ",
      "`\n",
      "ustar\0",
      "2.0\n",
      "!<arch>\n",
    ],
    actions: [
      (bytes) => readDebControl(hostWith(bytes), FILE),
      (bytes) => readDebControlFiles(hostWith(bytes), FILE),
      (bytes) => unpacked((tree) => unpackDeb(hostWith(bytes), FILE, tree)),
    ],
  };
}

async function inReleaseKind(): Promise<Kind> {
  const message = await signCleartext(RELEASE, [{ privateKey: key, armoredPublic: "", fingerprint: "" }]);
  return {
    seeds: [Buffer.from(message), Buffer.from(RELEASE)],
    words: [
      "-----BEGIN PGP SIGNED MESSAGE-----\n",
      "-----BEGIN PGP SIGNATURE-----\n",
      "Hash: SHA512\n",
      "SHA256:\n",
      "\n\n",
      "- ",
    ],
    actions: [
      async (bytes) => {
        const keys = [{ file: keyFile, fingerprints: [] }];
        const host = { files: nodeFiles, clock: testClock(NOW) };
        const { text } = await verifySignature(host, { kind: "cleartext", content: bytes }, keys, "it");
        expect(text).toBe(RELEASE);
        parseRelease(text, "it");
      },
      (bytes) => parseRelease(bytes.toString("utf8"), "it"),
    ],
  };
}

const packagesKind: Kind = {
  seeds: [Buffer.from(["a", "b", "c"].map((name) => packageStanza(name)).join("\n"))],
  words: [
    "Package: ",
    "Version: ",
    "Filename: ",
    "Size: ",
    "SHA256: ",
    "Provides: v (= 1)\n",
    "\n\n",
    " ",
    "amd64",
    "Essential: yes\n",
  ],
  actions: [
    (bytes) => {
      const index = openDebIndex(encodeDebIndex(bytes, { architecture: "amd64", origin: "it" }));
      for (const name of index.names()) expect([name, index.byName(name).length > 0]).toEqual([name, true]);
    },
  ],
};

const XML_WORDS = [
  "<package ",
  "</package>",
  "<rpm:entry ",
  "/>",
  'name="',
  "&amp;",
  "&#x41;",
  "<![CDATA[",
  "<!DOCTYPE x [",
  "<!ENTITY a",
  "sha256",
  "md5",
];

const primaryKind: Kind = {
  seeds: [Buffer.from(PRIMARY)],
  words: [...XML_WORDS, "<name>", "</format>", 'epoch="', "flags=", "<file>", "<location href="],
  actions: [
    (bytes) => {
      const index = openRpmIndex(encodeRpmIndex(bytes));
      for (const name of index.names()) expect([name, index.byName(name).length > 0]).toEqual([name, true]);
    },
  ],
};

const repomdKind: Kind = {
  seeds: [Buffer.from(REPOMD)],
  words: [...XML_WORDS, '<data type="', "<checksum type=", "<open-size>", "<location href="],
  actions: [(bytes) => parseRepomd(bytes.toString("utf8"), "it")],
};

describe("any bytes in the place of a package or of metadata", () => {
  const kinds: readonly (readonly [string, () => Kind | Promise<Kind>])[] = [
    [".rpm", rpmKind],
    [".deb", debKind],
    ["InRelease", inReleaseKind],
    ["Packages", () => packagesKind],
    ["primary.xml", () => primaryKind],
    ["repomd.xml", () => repomdKind],
  ];

  it.each(kinds)(
    "%s: is read or explained, never a crash, a hang or a write elsewhere",
    async (name, makeKind) => {
      const { seeds, words, strange, actions } = await makeKind();
      const counts = { inputs: 0, "read whole": 0, "read in part": 0, "ms for the slowest": 0, "MiB at most": 0 };
      const codes = new Map<string, number>();
      const used = (): number => {
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      const startBytes = used();
      for (const seed of seeds) {
        const outcomes = await Promise.allSettled(actions.map(async (action) => action(Buffer.from(seed))));
        expect(outcomes.map(({ status }) => status)).toContain("fulfilled");
      }
      for (let number = 0; number < RUNS / kinds.length; number += 1) {
        const random = seededRandom(number);
        const bytes =
          strange !== undefined && number % 3 === 0
            ? await strange(random)
            : mutateBytes(seeds[random(seeds.length)] ?? Buffer.alloc(0), words, random);
        counts.inputs += 1;
        const before = process.cpuUsage();
        let done = 0;
        for (const action of actions) {
          try {
            await action(bytes);
            done += 1;
          } catch (error) {
            if (!isComposerError(error)) throw new Error(`${name} ${number}`, { cause: error });
            expect(error.code).toMatch(/^(PACKAGE|REPOSITORY)_/);
            codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
          }
        }
        const { user, system } = process.cpuUsage(before);
        const cpuMs = Math.round((user + system) / 1000);
        counts["ms for the slowest"] = Math.max(counts["ms for the slowest"], cpuMs);
        counts["read whole"] += Number(done === actions.length);
        counts["read in part"] += Number(done > 0);
        counts["MiB at most"] = Math.max(counts["MiB at most"], Math.round((used() - startBytes) / 1024 ** 2));
        expect([number, cpuMs < MAX_CPU_MS]).toEqual([number, true]);
      }
      reportCounts(`hostile ${name}`, { ...counts, ...Object.fromEntries([...codes].sort()) });
      expect(counts["MiB at most"] * 1024 ** 2).toBeLessThan(MAX_BYTES);
      expect(counts["read in part"]).toBeGreaterThan(counts.inputs / 50);
      expect(codes.size).toBeGreaterThan(0);
    },
    IS_FULL ? 30 * MINUTE_MS : MINUTE_MS,
  );
});
