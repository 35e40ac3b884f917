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

/** The module that threads begin with: a file of its own, which the program finds by its name. */
const THREAD_MAIN = "cli/thread-main";

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
    input: { main: path.join(sources, "cli/main.ts"), [THREAD_MAIN]: path.join(sources, `${THREAD_MAIN}.ts`) },
    cwd: repository,
    platform: "node",
    external: Object.keys(SEPARATE_PACKAGES),
    plugins: [keepOwnDirectories()],
    // No module of ours does anything when it is loaded, the program's own excepted: what nobody uses is left out.
    treeshake: { moduleSideEffects: [{ test: /\/src\/(?!cli\/(thread-)?main)/, sideEffects: false }] },
    // Warnings would be about files that are missing in a release; a lazy import that something else makes eager is none.
    onLog: (level, { code, message }) => {
      if (level === "warn" && code !== "INEFFECTIVE_DYNAMIC_IMPORT") throw new Error(message);
    },
    output: {
      dir: directory,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      // Every file costs a millisecond: what most commands load is in one.
      codeSplitting: { groups: [{ name: "common", test: isCommon }] },
      // Names stay, for stack traces; licences are in THIRD-PARTY-NOTICES.
      minify: process.env.MIN ? true : { compress: true, mangle: false, codegen: { removeWhitespace: false } },
      comments: { legal: false, annotation: false, jsdoc: false },
    },
  });
  return output.filter((file) => file.type === "chunk");
}

/** What `validate` and the other quick commands start with; what these import at once comes with them. */
function isCommon(id: string): boolean {
  return /\/src\/(cli\/(run|commands\/(validate|resolve|version))\.ts|core\/|host\/)/.test(id);
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
      const told = code
        .replaceAll("import.meta.dirname", `(import.meta.dirname + ${JSON.stringify(`/${own}`)})`)
        .replaceAll(`"${path.basename(THREAD_MAIN)}.ts"`, `"${path.basename(THREAD_MAIN)}.js"`);
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
  readonly contributors?: readonly { readonly name: string }[];
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
    return `${name} ${version} (${license})\n\n${licenceText(directory).trim()}\n`;
  });
  const separate = Object.keys(SEPARATE_PACKAGES).map((name) => {
    const { version, license } = describe(path.join(repository, "node_modules", name));
    return `${name} ${version} (${license}) is in node_modules/${name}, unchanged, and may be replaced there.\n`;
  });
  const line = `\n${"-".repeat(80)}\n\n`;
  return ["The files in lib/ hold parts of these packages.\n", ...parts, ...separate].join(line);
}

function licenceText(directory: string): string {
  const file = path.join(directory, "LICENSE");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const { name, license, contributors } = describe(directory);
  if (license !== "MIT" || contributors === undefined) throw new Error(`${name} says nothing that a licence needs`);
  const holders = contributors.map((contributor) => contributor.name).join(", ");
  return `Copyright (c) ${holders}\n\n${MIT}`;
}

/** The licence of packages that name it without its text. @see https://spdx.org/licenses/MIT.html */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  await bundle(path.resolve(positionals[0] ?? path.join(repository, "dist")));
}
