import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { createRootRunner, installRpms, type PackageFile, unpackRpms } from "../../src/chroot/index.ts";
import { type BuildEvent, isComposerError } from "../../src/core/index.ts";
import { readLocalRpms } from "../../src/ospackage/index.ts";
import { testHost } from "../fixtures/test-host.ts";

/**
 * Runs transactions of the product, for `rpm-install.test.ts`: it has to be root of mount and PID namespaces of its own.
 * The file that the only argument names says which; what came of them is on standard output, as JSON.
 */

export interface Transactions {
  /** Packages of the tool root. */
  readonly tools: readonly string[];
  /** An empty directory. */
  readonly work: string;
  readonly transactions: readonly Transaction[];
}

export interface Transaction {
  readonly root: string;
  readonly files: readonly string[];
  /** Key files of who must have signed; empty: nobody. */
  readonly keys: readonly string[];
  /** Armored keys beside them. */
  readonly otherKeys?: readonly string[];
  /** Files that are in the tree before, by path. */
  readonly before?: Readonly<Record<string, string>>;
}

export interface TransactionResult {
  readonly warnings: readonly string[];
  /** Absent: it was done. */
  readonly error?: { readonly code: string; readonly message: string; readonly details: readonly string[] };
}

if (import.meta.main) {
  const [, , request = ""] = process.argv;
  const results = await runTransactions(JSON.parse(await readFile(request, "utf8")) as Transactions);
  process.stdout.write(JSON.stringify(results));
}

async function runTransactions({ tools, work, transactions }: Transactions): Promise<TransactionResult[]> {
  const host = testHost(new Date());
  const toolRoot = path.join(work, "tools");
  await mkdir(toolRoot);
  await unpackRpms(host, tools, toolRoot);
  const runner = createRootRunner(host, toolRoot, { sourceDateEpoch: 1_700_000_000 });
  const results: TransactionResult[] = [];
  for (const [index, { root, files, keys, otherKeys = [], before = {} }] of transactions.entries()) {
    const scratch = path.join(work, `scratch-${index}`);
    await mkdir(scratch);
    await mkdir(root);
    for (const [name, text] of Object.entries(before)) {
      await mkdir(path.dirname(path.join(root, name)), { recursive: true });
      await writeFile(path.join(root, name), text);
    }
    const armored = await Promise.all(keys.map((key) => readFile(key, "utf8")));
    const trust = { keys: [...armored, ...otherKeys], areSignaturesRequired: keys.length > 0 };
    const transaction = { root, database: "/var/lib/rpm", ...trust };
    const warnings: string[] = [];
    const emit = (event: BuildEvent): void => void (event.type === "warning" && warnings.push(event.message));
    const options = { emit, log: () => undefined };
    try {
      await installRpms(host, runner, await packageFiles(files), transaction, scratch, options);
      results.push({ warnings });
    } catch (error) {
      if (!isComposerError(error)) throw error;
      const { code, message, details } = error;
      results.push({ warnings, error: { code, message, details } });
    }
  }
  return results;
}

async function packageFiles(files: readonly string[]): Promise<PackageFile[]> {
  const source = { kind: "local", id: "files", priority: 500, files } as const;
  const { index } = await readLocalRpms(testHost(new Date()), source, { architecture: "x86_64" });
  const packages = [...index.names()].flatMap((name) => index.byName(name));
  return packages.map((each) => {
    const { path: file, sha256 } = each;
    if (sha256 === undefined) throw new Error(`${file} has no SHA-256`);
    return {
      file,
      package: { ...each, sha256, repository: source.id, essential: false, dependsOn: [], preDependsOn: [] },
    };
  });
}
