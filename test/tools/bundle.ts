/**
 * Makes a release: a directory that runs on any machine with Node.js 24, without node_modules of its own making.
 *
 *   os-image-composer        the launcher, as in the sources
 *   lib/                     what src/ is in the sources: the program and its libraries, bundled into a few files
 *   node_modules/openpgp/    unchanged: its licence wants it to be replaceable
 *   config/ schema/ …        as in the sources
 *
 * usage: bundle.ts [DIRECTORY]   (default: dist/)
 */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type OutputChunk, type Plugin, build } from "rolldown";

const repository = path.resolve(import.meta.dirname, "../..");
const sources = path.join(repository, "src");

/** What a release has as it is in the sources. */
const COPIED = ["CHANGELOG.md", "LICENSE", "README.md", "config", "docs", "image-templates", "os-image-composer"];
const COPIED_HIDDEN = [".npmrc", "schema", "toolchain"];

/** Packages that are not part of our files, each with what a release needs of it. */
const SEPARATE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  openpgp: ["package.json", "LICENSE", "README.md", "dist/node/openpgp.mjs"],
};

/** Makes a release in `directory`, in place of what is there. */
export async function bundle(directory: string): Promise<void> {
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(path.join(fresh, "lib"), { recursive: true });
  const chunks = await bundleProgram(path.join(fresh, "lib"));
  for (const name of [...COPIED, ...COPIED_HIDDEN]) copy(path.join(repository, name), path.join(fresh, name));
  for (const file of assetsOfSources()) copy(path.join(sources, file), path.join(fresh, "lib", file));
  for (const [name, files] of Object.entries(SEPARATE_PACKAGES)) {
    for (const file of files) copyPackageFile(name, file, fresh);
  }
  writeFileSync(path.join(fresh, "package.json"), packageDescription());
  writeFileSync(path.join(fresh, "THIRD-PARTY-NOTICES"), notices(packagesIn(chunks)));
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}

async function bundleProgram(directory: string): Promise<OutputChunk[]> {
  const { output } = await build({
    input: { main: path.join(sources, "cli/main.ts") },
    cwd: repository,
    platform: "node",
    external: Object.keys(SEPARATE_PACKAGES),
    plugins: [keepOwnDirectories()],
    // Warnings would be about files that are missing in a release.
    onLog: (level, { message }) => {
      if (level === "warn") throw new Error(message);
    },
    output: {
      dir: directory,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "[name]-[hash].js",
      // Names stay, for stack traces; licences are in THIRD-PARTY-NOTICES.
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
      comments: { legal: false, annotation: false, jsdoc: false },
    },
  });
  return output.filter((file) => file.type === "chunk");
}

/**
 * Modules find files beside them by `import.meta.dirname`. All of them end up in lib/ itself, and lib/ holds these files
 * where src/ has them: so each module is told the directory below lib/ that stands for its own.
 */
function keepOwnDirectories(): Plugin {
  return {
    name: "keep-own-directories",
    transform: (code, id) => {
      if (!id.startsWith(sources) || !code.includes("import.meta")) return undefined;
      const own = path.relative(sources, path.dirname(id));
      const told = code.replaceAll("import.meta.dirname", `(import.meta.dirname + ${JSON.stringify(`/${own}`)})`);
      if (/import\.meta(?!\.dirname)/.test(told)) throw new Error(`${id} uses import.meta in a way that no bundle has`);
      return told;
    },
  };
}

/** The files of src/ that are no modules, relative to it. */
function assetsOfSources(): string[] {
  return readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => path.relative(sources, path.join(entry.parentPath, entry.name)));
}

function copy(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

function copyPackageFile(name: string, file: string, release: string): void {
  copy(path.join(repository, "node_modules", name, file), path.join(release, "node_modules", name, file));
}

/** The names of the packages that have a module in one of the chunks, in order. */
function packagesIn(chunks: readonly OutputChunk[]): string[] {
  const names = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .flatMap((id) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []);
  return [...new Set(names)].sort();
}

interface PackageDescription {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description: string;
  readonly engines?: unknown;
}

function describe(directory: string): PackageDescription {
  return JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as PackageDescription;
}

function packageDescription(): string {
  const { name, version, description, license, engines } = describe(repository);
  return `${JSON.stringify({ name, version, description, license, type: "module", engines }, null, 2)}\n`;
}

/** The licences of what lib/ holds besides our own code. */
function notices(packages: readonly string[]): string {
  const parts = packages.map((name) => {
    const directory = path.join(repository, "node_modules", name);
    const { version, license } = describe(directory);
    const file = ["LICENSE", "LICENSE.md", "LICENCE", "license"].find((each) => existsSync(path.join(directory, each)));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(path.join(directory, file), "utf8").trim()}\n`;
  });
  const separate = Object.keys(SEPARATE_PACKAGES).map((name) => {
    const { version, license } = describe(path.join(repository, "node_modules", name));
    return `${name} ${version} (${license}) is in node_modules/${name}, unchanged, and may be replaced there.\n`;
  });
  const line = `\n${"-".repeat(80)}\n\n`;
  return ["The files in lib/ hold parts of these packages.\n", ...parts, ...separate].join(line);
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  await bundle(path.resolve(positionals[0] ?? path.join(repository, "dist")));
}
