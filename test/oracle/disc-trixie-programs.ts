import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import type { Command, CommandResult, ProcessRunner } from "../../src/host/index.ts";

/** Programs of Debian 13, unpacked and started with their own libraries, whatever this host runs. */
export interface TrixiePrograms {
  run(command: Command): Promise<CommandResult>;
}

/** Fetches packages with this host's apt, from the mirror that its own sources name. */
export function fetchTrixiePrograms(
  processes: ProcessRunner,
  directory: string,
  packages: readonly string[],
): TrixiePrograms {
  const root = unpackDebianPackages(directory, packages);
  return {
    run: (command) => {
      const [program, ...args] = command.argv;
      const file = ["usr/sbin", "usr/bin"]
        .map((bin) => path.join(root, bin, program))
        .find((name) => fs.existsSync(name));
      if (file === undefined) throw new Error(`none of the packages has ${program}`);
      const libraries = path.join(
        root,
        "usr/lib",
        execFileSync("dpkg-architecture", ["-qDEB_HOST_MULTIARCH"], { encoding: "utf8" }).trim(),
      );
      const loader = fs.readdirSync(libraries).find((name) => /^ld-linux.*\.so/.test(name)) ?? "";
      return processes.run({
        ...command,
        argv: [path.join(libraries, loader), "--library-path", libraries, file, ...args],
      });
    },
  };
}

/**
 * Unpacks packages of a Debian release, fetched with this host's apt from the mirror that its own sources name.
 *
 * @param directory where everything goes; one for each release and architecture
 * @returns the directory with their files
 */
export function unpackDebianPackages(
  directory: string,
  packages: readonly string[],
  { suite = "trixie", architecture }: { readonly suite?: string; readonly architecture?: string } = {},
): string {
  const state = path.join(directory, "apt");
  const root = path.join(directory, suite);
  for (const name of ["lists/partial", "cache/archives/partial", "debs"]) {
    fs.mkdirSync(path.join(state, name), { recursive: true });
  }
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  fs.writeFileSync(path.join(state, "sources.list"), `deb [signed-by=${keyring}] ${hostMirror()} ${suite} main\n`);
  fs.writeFileSync(
    path.join(state, "apt.conf"),
    [
      `Dir::Etc::sourcelist "${state}/sources.list";`,
      'Dir::Etc::sourceparts "-";',
      `Dir::State::lists "${state}/lists";`,
      `Dir::Cache "${state}/cache";`,
      'Acquire::Languages "none";',
      'APT::Sandbox::User "";',
      ...(architecture === undefined
        ? []
        : [`APT::Architecture "${architecture}";`, `APT::Architectures { "${architecture}"; };`]),
      "",
    ].join("\n"),
  );
  const env = { ...process.env, APT_CONFIG: path.join(state, "apt.conf") };
  const debs = path.join(state, "debs");
  execFileSync("apt-get", ["update", "--quiet"], { env, stdio: "pipe" });
  execFileSync("apt-get", ["download", "--quiet", ...packages], { env, cwd: debs, stdio: "pipe" });
  for (const deb of fs.readdirSync(debs)) execFileSync("dpkg-deb", ["-x", path.join(debs, deb), root]);
  return root;
}

function hostMirror(): string {
  const files = [
    "/etc/apt/sources.list",
    ...fs.readdirSync("/etc/apt/sources.list.d").map((name) => `/etc/apt/sources.list.d/${name}`),
  ];
  for (const file of files.filter((name) => fs.existsSync(name))) {
    const address = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(https?:\/\/\S+\/debian\/?)(?:\s|$)/m.exec(
      fs.readFileSync(file, "utf8"),
    )?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("this host's apt sources name no Debian mirror");
}
