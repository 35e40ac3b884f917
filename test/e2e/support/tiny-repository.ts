import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { type FaultyServer, startFaultyServer } from "../../fixtures/faulty-server.ts";
import {
  packageContent,
  packageStanza,
  planRepository,
  signCleartext,
  type TestKey,
} from "../../fixtures/signed-repository.ts";
import { CHECKOUT } from "./cli.ts";

/** A suite of the tiny archive, as a test wants it. */
export interface TinySuite {
  readonly suite: string;
  /** Text of the component main. */
  readonly packages?: string;
  /** Replaces or adds fields of its Release. */
  readonly fields?: Readonly<Record<string, string>>;
  /** In place of the archive's own key. */
  readonly signer?: TestKey;
  /** Changes the InRelease after it was signed. */
  readonly tamper?: (inRelease: string) => string;
}

/** A signed archive on this machine with every repository that Debian 13's provider reads. */
export interface TinyArchive extends AsyncDisposable {
  readonly server: FaultyServer;
  readonly url: string;
  /** Signs a suite and offers it in place of what is there. */
  publish(suite: TinySuite): Promise<void>;
  /** A package file as the index describes it. */
  addPackageFile(name: string, content?: string): void;
}

const ROOM = "debian";
const SECURITY = "debian-security";

/** @param stanzas text of Packages of the suite trixie; the other suites are empty */
export async function startTinyArchive(key: TestKey, stanzas: string): Promise<TinyArchive> {
  const server = await startFaultyServer();
  const archive: TinyArchive = {
    server,
    url: server.url,
    publish: async ({ suite, packages = "", fields = {}, signer = key, tamper = (text) => text }) => {
      const base = `${suite.endsWith("-security") ? SECURITY : ROOM}/dists/${suite}`;
      const { files, release } = planRepository({
        packages: { "main/binary-amd64/Packages": packages, "non-free-firmware/binary-amd64/Packages": "" },
        endings: [".gz"],
        fields: { Suite: suite, Codename: suite, Components: "main non-free-firmware", ...fields },
      });
      for (const [name, content] of files) server.files.set(`${base}/${name}`, content);
      server.files.set(`${base}/InRelease`, Buffer.from(tamper(await signCleartext(release, [signer]))));
    },
    addPackageFile: (name, content = packageContent(name)) => {
      server.files.set(`${ROOM}/pool/${name}_1.0-1_amd64.deb`, Buffer.from(content));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  await archive.publish({ suite: "trixie", packages: stanzas });
  await archive.publish({ suite: "trixie-updates" });
  await archive.publish({ suite: "trixie-security" });
  return archive;
}

/** A configuration file that reads everything of Debian from one address, with one key. */
export function mirrorConfiguration(
  urls: { readonly debian: string; readonly security: string },
  keyFile: string,
): string {
  const mirrors = { [ROOM]: urls.debian, [SECURITY]: urls.security };
  const lines = Object.entries(mirrors).map(([name, url]) => `  ${name}: { url: "${url}", keys: [${keyFile}] }\n`);
  return `mirrors:\n${lines.join("")}`;
}

/**
 * The names of all packages that an image without wishes of its own needs, and its tool root.
 *
 * @param provider its directory in `config/osv`
 */
export async function defaultPackageNames(provider = "debian/debian13"): Promise<string[]> {
  const { systemConfig } = await readProviderData<{
    systemConfig: { packages: string[]; kernel: { packages: string[] } };
  }>(provider, "imageconfigs/defaultconfigs/default-raw-x86_64.yml");
  const tools = await defaultToolNames(provider);
  return [...new Set([...systemConfig.packages, ...systemConfig.kernel.packages, ...tools])].sort();
}

/** The names of the packages of a provider's tool root. */
export async function defaultToolNames(provider: string): Promise<string[]> {
  const file = "chrootenvconfigs/chrootenv_x86_64.yml";
  return (await readProviderData<{ packages: string[] }>(provider, file)).packages;
}

/** @typeParam T what is in the file */
async function readProviderData<T>(provider: string, file: string): Promise<T> {
  return parse(await readFile(path.join(CHECKOUT, "config/osv", provider, file), "utf8")) as T;
}

/** Stanzas for packages that need nothing, and `more` lines for some of them. */
export function stanzasOf(names: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const lines = (name: string): string => (more[name] === undefined ? "" : `${more[name]}\n`);
  return names.map((name) => `${packageStanza(name)}${lines(name)}\n`).join("");
}
