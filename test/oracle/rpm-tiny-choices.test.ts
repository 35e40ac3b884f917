import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import {
  readRpmRepository,
  type ReadRepositoryOptions,
  type ResolveRpmOptions,
  resolveRpm,
  type RpmRepositorySource,
} from "../../src/ospackage/index.ts";
import { overFileLists } from "../../src/provider/over-file-lists.ts";
import { makeDirectory } from "../e2e/support/workshop.ts";
import { type SigningKey, makeSigningKey } from "../fixtures/rpm-distribution/repository/signing-key.ts";
import { makeTiny, type TinyDistribution } from "../fixtures/rpm-distribution/tiny/make-tiny.ts";
import { TINY_PACKAGES } from "../fixtures/rpm-distribution/tiny/packages.ts";
import { testHost } from "../fixtures/test-host.ts";
import { dnfChoice } from "./dnf-choice.ts";

/** What is wished for, one row each; the product and dnf must choose the same. */
const WISHES: readonly string[] = [
  "app lib soname-user app-docs",
  "tool scripted shell",
  "epoch version-order",
  "needs-old-name legacy",
  "server-a web-app",
  "server-b web-app",
  "rich-and",
  "rich-or",
  "rich-if",
  "rich-if app",
  "rich-if-else",
  "rich-if-else tool",
  "rich-unless",
  "rich-unless server-b",
  "rich-unless tool server-b",
  "rich-unless-else tool",
  "rich-unless-else server-a",
  "rich-with",
  "rich-without",
  "rich-nested",
  "rich-nested lib",
  "app-extra app-langpack",
  "needs-program needs-file needs-directory",
  "needs-chain",
  "ring-a pre-ring-a needs-itself",
  "twice twice-but-different multilib",
  "kernel kernel-module",
  "files no-files many-files sha512-files",
  "fails-before fails-after",
  "payload-none payload-gzip payload-xz payload-lzma payload-bzip2",
  "modern",
  "new-name",
];

/** Wishes that nobody can fill. */
const VAIN = ["unresolvable", "rich-unmet", "needs-missing-file", "needs-both-servers"];

/** Packages of the table that nobody wishes for by name: they come with others. */
const BROUGHT = ["old-name", "ring-b", "ring-c", "pre-ring-b", "chain-1", "chain-2", "chain-3"];

type Repositories = readonly (keyof Omit<TinyDistribution, "keyFile">)[];

const lacks = ["rpmbuild", "rpmsign", "createrepo_c", "gpg", "dnf"].filter((name) => !existsSync(`/usr/bin/${name}`));
const without = lacks.length > 0 ? ` (without ${lacks.join()})` : "";

describe.skipIf(lacks.length > 0)(`choices out of the tiny RPM repositories${without}`, () => {
  let directory: { path: string } & AsyncDisposable;
  let key: SigningKey;
  let tiny: TinyDistribution;
  beforeAll(async () => {
    directory = await makeDirectory("rpm-tiny-choices-");
    key = await makeSigningKey();
    tiny = await makeTiny(path.join(directory.path, "tiny"), key);
  });
  afterAll(async () => {
    await key[Symbol.asyncDispose]();
    await directory[Symbol.asyncDispose]();
  });

  /** As dnf's: sorted `name-[epoch:]version-release`; undefined when there is no way. */
  async function ourChoice(repositories: Repositories, names: readonly string[]): Promise<string[] | undefined> {
    const host = testHost(new Date());
    const reading: ReadRepositoryOptions = {
      ...{ architecture: "x86_64", cacheDir: path.join(directory.path, "cache"), offline: false },
      emit: () => undefined,
    };
    const sources = repositories.map((name): RpmRepositorySource => {
      const address = `file://${tiny[name]}/`;
      return {
        ...{ kind: "rpm", id: name, canonicalUrl: address, urls: [address], foreignKeys: false },
        ...{ keys: [{ file: tiny.keyFile, fingerprints: [] }], gpgCheck: true, repoGpgCheck: true, priority: 500 },
      };
    });
    const options: ResolveRpmOptions = {
      repositories: await Promise.all(sources.map((source) => readRpmRepository(host, source, reading))),
      architecture: "x86_64",
      requests: names.map((text) => ({ text, origin: "systemConfig.packages" })),
    };
    try {
      const { packages } = await overFileLists(host, options, resolveRpm, reading);
      return packages.map(({ package: { name, version } }) => `${name}-${version}`).sort();
    } catch (error) {
      const isRefusal =
        isComposerError(error, "RESOLVER_UNSATISFIABLE") || isComposerError(error, "RESOLVER_UNKNOWN_PACKAGE");
      if (isRefusal) return undefined;
      throw error;
    }
  }

  async function theirChoice(repositories: Repositories, names: readonly string[]): Promise<string[] | undefined> {
    const directories = repositories.map((name) => tiny[name]);
    return dnfChoice(directories, tiny.keyFile, names).catch((error: unknown) => {
      if (/nothing provides|conflicting requests|Unable to find a match/.test(String(error))) return undefined;
      throw error;
    });
  }

  it.each(WISHES)("are dnf's, with updates: %s", async (wish) => {
    const repositories = ["base", "updates", "extras"] as const;
    const names = wish.split(" ");
    const choice = await theirChoice(repositories, names);
    expect(choice).toBeDefined();
    expect(await ourChoice(repositories, names)).toEqual(choice);
  });

  it.each(VAIN)("are none, like dnf's: %s", async (wish) => {
    const repositories = ["base", "updates", "extras"] as const;
    const names = wish.split(" ");
    expect(await ourChoice(repositories, names)).toBeUndefined();
    expect(await theirChoice(repositories, names)).toBeUndefined();
  });

  it("have a wish for every package of the table", () => {
    const named = new Set([...[...WISHES, ...VAIN].flatMap((wish) => wish.split(" ")), ...BROUGHT]);
    expect(TINY_PACKAGES.filter(({ name }) => !named.has(name)).map(({ name }) => name)).toEqual([]);
  });

  it.each(["baseZstd", "baseSha512", "baseElsewhere"] as const)("are the same from %s", async (variant) => {
    for (const wish of [...WISHES, ...VAIN]) {
      const names = wish.split(" ");
      expect(await ourChoice([variant], names), wish).toEqual(await ourChoice(["base"], names));
    }
  });
});
