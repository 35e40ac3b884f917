import path from "node:path";
import { ComposerError, type EventSink, isComposerError } from "../../core/index.ts";
import { createTreeWriter, type Host } from "../../host/index.ts";
import { unpackDeb } from "../../ospackage/index.ts";
import type { Bind, RootRunner } from "../run-in-root.ts";
import { bindPackages, type InstallOptions, type PackageFile } from "./package-files.ts";
import { readPathFilter } from "./path-filter.ts";

/** Where the package files are seen inside the tree. */
const PACKAGES_DIRECTORY = "/run/packages";

/** Programs that build initrds: package scripts call them again and again, we once at the end. */
const DEFERRED_PROGRAMS = ["/usr/bin/dracut", "/usr/sbin/update-initramfs", "/usr/sbin/mkinitramfs"];

const DPKG = ["dpkg", "--log=/dev/null", "--force-unsafe-io", "--force-confdef", "--force-confold"] as const;

/**
 * Installs packages into a root tree, with the distribution's own dpkg inside it. The tree is empty, or has files that
 * are to be there first: settings of dpkg, answers for package scripts.
 *
 * The essential packages are first unpacked by us, so that dpkg and the scripts' interpreters are there. They are then
 * installed properly over that, together with everything that some package pre-depends on; all others follow in one
 * transaction: unpack everything, then configure everything, triggers last. Programs that build initrds are covered
 * meanwhile, so none is built here.
 *
 * @param packages in installation order
 * @throws {INSTALL_SCRIPT_FAILED} a package script failed; names package and script
 * @throws {INSTALL_REFUSED} dpkg does not install a package, and no script is the reason; the details are its words
 * @throws {INSTALL_AUDIT_FAILED} dpkg finds a package that is not fully installed
 */
export async function installDebs(
  host: Host,
  runner: RootRunner,
  packages: readonly PackageFile[],
  options: InstallOptions,
): Promise<void> {
  const { root } = runner;
  const essential = packages
    .filter((candidate) => candidate.package.essential)
    .map((candidate) => candidate.package.name);
  const bootstrap = closureOf(packages, essential);
  const base = closureOf(packages, [...essential, ...packages.flatMap((candidate) => candidate.package.preDependsOn)]);
  const rest = packages.filter((candidate) => !base.includes(candidate));
  const progress = createProgress(options.emit, packages.length);

  await layOutRoot(host, root);
  const tree = createTreeWriter(root, { setOwners: true });
  const include = await readPathFilter(host, root);
  const unpackOptions = include === undefined ? {} : { include };
  for (const { file } of bootstrap) await unpackDeb(host, file, tree, unpackOptions);
  tree.finish();
  await prepareDpkg(host, root);

  const dpkg = async (argv: readonly string[], binds: readonly Bind[] = []): Promise<void> => {
    const onLine = (line: string): void => {
      options.log(line);
      progress.line(line);
    };
    try {
      await runner.run({ argv: [...DPKG, ...argv], binds, onLine });
    } catch (error) {
      throw isComposerError(error, "HOST_PROGRAM_FAILED") ? installFailure(error) : error;
    }
  };

  // The essential packages depend on each other in circles, but all of them are already in place as files.
  const { binds, insidePath } = bindPackages(packages, PACKAGES_DIRECTORY);
  await dpkg(["--force-depends", "--no-triggers", "--unpack", ...base.map(insidePath)], binds);
  await dpkg(["--no-triggers", "--configure", "--pending"]);
  if (rest.length > 0) await dpkg(["--no-triggers", "--unpack", ...rest.map(insidePath)], binds);
  await dpkg(["--configure", "--pending"], await deferredBinds(host, root));
  await audit(runner);
  await host.files.remove(path.join(root, "usr/sbin/policy-rc.d"));
}

/** The packages that `start` selects and all that they depend on, in the given order. */
export function closureOf(packages: readonly PackageFile[], start: readonly string[]): readonly PackageFile[] {
  const byName = new Map(packages.map((candidate) => [candidate.package.name, candidate]));
  const reached = new Set<string>();
  const pending = [...start];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    pending.push(...(byName.get(name)?.package.dependsOn ?? []));
  }
  return packages.filter((candidate) => reached.has(candidate.package.name));
}

/**
 * Makes the directories that package files go through before base-files brings them: /bin and its kin as links into
 * /usr, as every supported release has them.
 */
async function layOutRoot(host: Host, root: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    const link = path.join(root, name);
    await host.files.makeDirectory(path.join(root, "usr", name), 0o755);
    if (await host.files.exists(link)) {
      throw new ComposerError(
        "IMAGE_PLAN_INVALID",
        `Cannot lay out the tree: something is in the place of "/${name}"`,
        {
          hint: `Have systemConfig.preInstallScripts write below /usr/${name}: /${name} is a link to it`,
        },
      );
    }
    await host.files.symlink(`usr/${name}`, link);
  }
}

const POLICY_NO_START = `#!/bin/sh
exit 101
`;

async function prepareDpkg(host: Host, root: string): Promise<void> {
  await host.files.makeDirectory(path.join(root, "var/lib/dpkg/info"), 0o755);
  for (const name of ["status", "available"]) await host.files.write(path.join(root, "var/lib/dpkg", name), "", 0o644);
  await host.files.write(path.join(root, "usr/sbin/policy-rc.d"), POLICY_NO_START, 0o755);
}

/** Binds that put `true` over each initrd program that the tree has. */
async function deferredBinds(host: Host, root: string): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const program of DEFERRED_PROGRAMS) {
    if (!(await host.files.exists(path.join(root, program)))) continue;
    binds.push({ source: path.join(root, "usr/bin/true"), target: program, writable: false });
  }
  return binds;
}

/** dpkg's own words for a package script that failed. */
const FAILED_PACKAGE = /^dpkg: error processing (?:package|archive) (\S+)/;
const FAILED_SCRIPT =
  /(\S+) package (\S+ (?:script|maintainer script)) subprocess (?:returned|failed|was killed|was interrupted)/;

function installFailure(error: ComposerError): ComposerError {
  const name = error.details.map((line) => FAILED_PACKAGE.exec(line)?.[1]).find((found) => found !== undefined);
  const script = error.details.map((line) => FAILED_SCRIPT.exec(line)?.[2]).find((found) => found !== undefined);
  const what = script === undefined ? "dpkg refused it" : `its ${script} failed`;
  const code = script === undefined ? "INSTALL_REFUSED" : "INSTALL_SCRIPT_FAILED";
  return new ComposerError(code, `Cannot install package "${name ?? "unknown"}": ${what}`, {
    details: error.details,
    cause: error,
  });
}

async function audit(runner: RootRunner): Promise<void> {
  const { stdout } = await runner.run({ argv: ["dpkg", "--audit"], okExitCodes: [0, 1] });
  if (stdout.trim() === "") return;
  throw new ComposerError(
    "INSTALL_AUDIT_FAILED",
    "Cannot finish the installation: dpkg --audit finds broken packages",
    {
      details: stdout.split("\n"),
    },
  );
}

/** Counts what dpkg says it does: every package is unpacked once and set up once. */
function createProgress(emit: EventSink, packageCount: number) {
  let done = 0;
  return {
    line: (line: string) => {
      if (!/^(Unpacking|Setting up) /.test(line)) return;
      done += 1;
      emit({ type: "progress", stage: "compose", activity: "Installing packages", done, total: 2 * packageCount });
    },
  };
}
