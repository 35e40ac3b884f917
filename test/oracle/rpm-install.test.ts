import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { generateKey } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeDirectory, REPOSITORY, run, succeed } from "../e2e/support/workshop.ts";
import { defaultToolNames } from "../e2e/support/tiny-repository.ts";
import { rpmSelection } from "../../src/chroot/index.ts";
import { type RpmRecord, rpmOf } from "../fixtures/make-rpm.ts";
import { makeBootable } from "../fixtures/rpm-distribution/bootable/make-bootable.ts";
import { CACHE } from "../fixtures/rpm-distribution/cached-directory.ts";
import { describeTree, type TreeDescription } from "./describe-tree.ts";
import { createDnfInstallroot } from "./dnf-installroot.ts";
import type { Transaction, TransactionResult, Transactions } from "./rpm-install-transactions.ts";

/** A system with accounts, units, capabilities, set-user-ID programs and scripts of all kinds. */
const NAMES = ["filesystem", "bash", "coreutils", "util-linux", "systemd", "openssh-server", "iputils"];

/** Why a tree of the product may differ from one of dnf; a difference without a rule fails, and so does an unused rule. */
const RULES: readonly { readonly why: string; readonly kind: Difference["kind"]; readonly path: RegExp }[] = [
  {
    why: "dnf keeps records, caches and logs of its own",
    kind: "only dnf's",
    path: /^\/(etc|var\/lib|var\/cache)\/dnf(\/|$)|^\/var\/log\/(dnf[^/]*|hawkey)\.log$/,
  },
  {
    why: "dnf leaves what an open database needs: no lock of ours stays in an image",
    kind: "only dnf's",
    path: /^\/var\/lib\/rpm\/(\.rpm\.lock|rpmdb\.sqlite-(shm|wal))$/,
  },
  {
    why: "the database has installation times in it: compared by what rpm reads",
    kind: "content",
    path: /^\/var\/lib\/rpm\/rpmdb\.sqlite$/,
  },
  {
    why: "ldconfig keeps inodes and times of libraries; images are made without this file",
    kind: "content",
    path: /^\/var\/cache\/ldconfig\/aux-cache$/,
  },
];

/** Lua shows the beginning of it. */
const LUA_MISSPELT = "lua-is-misspelt-in-a-package-with-a-name-that-is-longer";

const isRoot = process.getuid?.() === 0;
const lacks = ["dnf", "rpm"].filter((program) => !existsSync(`/usr/bin/${program}`));
const whyNot = !isRoot ? " (only root may do dnf --installroot)" : lacks.length > 0 ? ` (without ${lacks.join()})` : "";

describe.skipIf(whyNot !== "")(`transactions of the tool root's rpm${whyNot}`, () => {
  let directory: { path: string } & AsyncDisposable;
  let packages: string;
  let shell: readonly string[];
  let results: readonly TransactionResult[];
  let dnfRoot: string;
  const at = (...parts: string[]): string => path.join(directory.path, ...parts);
  const resultOf = (name: keyof typeof OWN | "system"): TransactionResult => {
    const result = results[["system", ...Object.keys(OWN)].indexOf(name)];
    if (result === undefined) throw new Error(`${name} was not run`);
    return result;
  };

  beforeAll(async () => {
    directory = await makeDirectory("rpm-install-");
    const { base, keyFile } = await makeBootable(path.join(CACHE, "bootable"));
    packages = path.join(base, "Packages");
    mkdirSync(at("dnf"));
    const dnf = createDnfInstallroot(at("dnf"), base, keyFile);
    dnfRoot = dnf.root;
    const files = (names: readonly string[]): string[] => names.map((name) => path.join(packages, `${name}.rpm`));
    const system = files(await dnf.choose(NAMES));
    const tools = files(await dnf.choose(await defaultToolNames("azure-linux/azl3")));
    shell = files(await dnf.choose(["/usr/bin/sh"]));
    mkdirSync(at("own"));
    const transactions: Transaction[] = [{ root: at("system"), files: system, keys: [keyFile] }];
    for (const [name, own] of Object.entries<OwnPackage>(OWN)) {
      const { record, before = {}, withShell = false, isSignatureAsked = false, hasOddKey = false } = own;
      const file = at("own", `${name}.rpm`);
      writeFileSync(file, await rpmOf({ name, ...record }));
      const all = [...(withShell ? shell : []), file];
      const otherKeys = hasOddKey ? [await keyOverP256()] : [];
      transactions.push({ root: at(name), files: all, keys: isSignatureAsked ? [keyFile] : [], otherKeys, before });
    }
    [results] = await Promise.all([runTransactions({ tools, work: at(), transactions }), dnf.install(NAMES)]);
  });
  afterAll(async () => directory[Symbol.asyncDispose]());

  async function runTransactions(request: Transactions): Promise<readonly TransactionResult[]> {
    writeFileSync(at("transactions.json"), JSON.stringify(request));
    const namespaces = ["--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private"];
    const script = path.join(REPOSITORY, "test/oracle/rpm-install-transactions.ts");
    const argv = ["unshare", ...namespaces, process.execPath, script, at("transactions.json")] as const;
    return JSON.parse(await succeed([...argv])) as TransactionResult[];
  }

  it("leave what dnf leaves: paths, types, modes, owners, links, attributes and content", async () => {
    expect(resultOf("system").error).toBeUndefined();
    const [ours, theirs] = [await describeTree(at("system")), await describeTree(dnfRoot)];
    expect(ours.size).toBeGreaterThan(1500);
    const explained = differencesOf(ours, theirs).map((difference) => ({ difference, rule: ruleOf(difference) }));
    expect(explained.filter(({ rule }) => rule === undefined)).toEqual([]);
    expect(RULES.filter((each) => !explained.some(({ rule }) => rule === each))).toEqual([]);
    // The description does see what it is for.
    const facts = [...ours.values()].map((each) => each.facts);
    expect(facts.some((text) => text.includes("security.capability="))).toBe(true);
    expect(facts.some((text) => text.startsWith("-rwsr-xr-x 0:0"))).toBe(true);
    expect(facts.some((text) => !/^\S+ 0:0/.test(text))).toBe(true);
  });

  it("leave the database that dnf leaves", async () => {
    const [ours, theirs] = [await installedIn(at("system")), await installedIn(dnfRoot)];
    expect(ours).toEqual(theirs);
    expect(ours.length).toBeGreaterThan(60);
    expect(ours.filter((line) => line.startsWith("gpg-pubkey"))).toHaveLength(1);
  });

  it.each([
    ["post-fails", "post-fails-1.0-1.noarch", "%post", "exit status 3"],
    ["pre-fails", "pre-fails-1.0-1.noarch", "%prein", "exit status 1"],
    ["posttrans-fails", "posttrans-fails-1.0-1.noarch", "%posttrans", "exit status 1"],
    ["lua-fails", "lua-fails-1.0-1.noarch", "%post", "it is broken"],
    [LUA_MISSPELT, "lua-is-misspelt-in-a-package-with-a-nam...", "%post", "unexpected symbol near <eof>"],
  ] as const)("end with an error that names package and scriptlet: %s", (name, shown, scriptlet, state) => {
    const { error } = resultOf(name);
    expect(error).toMatchObject({
      code: "INSTALL_SCRIPT_FAILED",
      message: `Cannot install package "${shown}": its ${scriptlet} scriptlet failed (${state})`,
    });
    if (state.startsWith("exit")) expect(error?.details).toContain(`this is ${name}`);
  });

  it("refuse an unsigned package once more when keys are asked for", () => {
    const { error } = resultOf("unsigned");
    expect(error?.code).toBe("INSTALL_REFUSED");
    expect(error?.details.join("\n")).toContain("package unsigned-1.0-1.noarch does not verify: no signature");
    expect(existsSync(at("unsigned/opt/unsigned"))).toBe(false);
  });

  it("leave the check of signatures to us when rpm does not take a key", () => {
    const { error, warnings } = resultOf("odd-key");
    expect(error).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("does not take a key of the repositories")]);
    expect(existsSync(at("odd-key/opt/unsigned"))).toBe(true);
    expect(resultOf("system").warnings).toEqual([]);
  });

  it("leave out documentation and languages that nobody wants, by macros that are in the tree before", () => {
    expect(resultOf("selected").error).toBeUndefined();
    const there = readdirSync(at("selected/opt"), { recursive: true }).map(String).sort();
    expect(there).toEqual(["de.mo", "plain"]);
    expect(resultOf("unselected").error).toBeUndefined();
    expect(readdirSync(at("unselected/opt")).sort()).toEqual(["de.mo", "fr.mo", "manual", "plain"]);
  });
});

interface OwnPackage {
  readonly record: Omit<RpmRecord, "name">;
  readonly before?: Readonly<Record<string, string>>;
  readonly withShell?: boolean;
  readonly isSignatureAsked?: boolean;
  /** Has a key among its repositories' that this rpm does not take. */
  readonly hasOddKey?: boolean;
}

async function keyOverP256(): Promise<string> {
  const { publicKey } = await generateKey({ userIDs: { name: "x" }, type: "ecc", curve: "nistP256" });
  return publicKey;
}

const failing = (name: string, status: number): string => `echo this is ${name}\nexit ${status}\n`;
const SELECTABLE: Omit<RpmRecord, "name"> = {
  files: [
    { path: "/opt/plain", content: "plain" },
    { path: "/opt/manual", content: "manual", flags: 2 },
    { path: "/opt/de.mo", content: "de", language: "de" },
    { path: "/opt/fr.mo", content: "fr", language: "fr" },
  ],
};
const postInLua = (script: string): Required<RpmRecord>["tags"] => [
  { tag: 1024, type: "string", values: [script] },
  { tag: 1086, type: "string", values: ["<lua>"] },
];
const SELECTION = rpmSelection({ documentation: false, locales: ["de"] });
/** Packages made by hand, each for a transaction of its own. */
const OWN = {
  "post-fails": { record: { preRequires: ["/usr/bin/sh"], post: failing("post-fails", 3) }, withShell: true },
  "pre-fails": { record: { preRequires: ["/usr/bin/sh"], pre: failing("pre-fails", 1) }, withShell: true },
  "posttrans-fails": {
    record: {
      requires: ["/usr/bin/sh"],
      tags: [
        { tag: 1152, type: "string", values: [failing("posttrans-fails", 1)] },
        { tag: 1154, type: "string", values: ["/bin/sh"] },
      ],
    },
    withShell: true,
  },
  "lua-fails": { record: { tags: postInLua('error("it is broken")\n') } },
  [LUA_MISSPELT]: { record: { tags: postInLua("error(\n") } },
  unsigned: { record: { files: [{ path: "/opt/unsigned", content: "x" }] }, isSignatureAsked: true },
  "odd-key": {
    record: { files: [{ path: "/opt/unsigned", content: "x" }] },
    isSignatureAsked: true,
    hasOddKey: true,
  },
  selected: {
    record: SELECTABLE,
    before: SELECTION === undefined ? {} : { [SELECTION.path]: SELECTION.text },
  },
  unselected: { record: SELECTABLE },
} satisfies Record<string, OwnPackage>;

interface Difference {
  readonly path: string;
  /** "content": everything else is equal. */
  readonly kind: "only ours" | "only dnf's" | "facts" | "content";
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
}

function differencesOf(ours: TreeDescription, theirs: TreeDescription): Difference[] {
  const names = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return names.flatMap((name): Difference[] => {
    const [a, b] = [ours.get(name), theirs.get(name)];
    const both = { path: name, ours: a?.facts, theirs: b?.facts };
    if (a === undefined) return [{ ...both, kind: "only dnf's" }];
    if (b === undefined) return [{ ...both, kind: "only ours" }];
    if (a.facts !== b.facts) return [{ ...both, kind: "facts" }];
    return a.digest === b.digest ? [] : [{ ...both, kind: "content" }];
  });
}

function ruleOf(difference: Difference): (typeof RULES)[number] | undefined {
  return RULES.find(({ kind, path: pattern }) => kind === difference.kind && pattern.test(difference.path));
}

/**
 * What rpm of this host reads in a tree: identity, digest of the header and what became of each file.
 *
 * The product tells rpm that /proc and /sys are shared (3), as they are mounted; to dnf they are files like others (0).
 */
async function installedIn(root: string): Promise<string[]> {
  const definitions = ["--define", "_dbpath /var/lib/rpm", "--define", "_rpmlock_path /var/lib/rpm/.rpm.lock"];
  const format = "%{NEVRA} %{SHA256HEADER} [%{FILESTATES}]\\n";
  const { stdout, stderr } = await run(["rpm", "--root", root, ...definitions, "-qa", "--queryformat", format]);
  if (stdout === "") throw new Error(stderr);
  const lines = stdout.trimEnd().split("\n").sort();
  return lines.map((line) => line.replace(/[03]+$/, (states) => states.replaceAll("3", "0")));
}
