import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { makeDirectory, run } from "../e2e/support/workshop.ts";

/** What dnf would install, as sorted `name-[epoch:]version-release`; it knows no repository of this host. */
export async function dnfChoice(
  repositories: readonly string[],
  keyFile: string,
  names: readonly string[],
): Promise<string[]> {
  await using home = await makeDirectory("rpm-dnf-");
  for (const name of ["root", "log", "repos"]) mkdirSync(path.join(home.path, name));
  writeFileSync(path.join(home.path, ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
  writeFileSync(path.join(home.path, "dnf.conf"), "[main]\n");
  const settings = {
    reposdir: path.join(home.path, "repos"),
    cachedir: path.join(home.path, "cache"),
    logdir: path.join(home.path, "log"),
    install_weak_deps: "False",
    ...{ gpgcheck: "1", repo_gpgcheck: "1" },
  };
  const options = [
    ...[
      "--assumeno",
      `--config=${home.path}/dnf.conf`,
      `--installroot=${home.path}/root`,
      "--releasever=3.0",
      "--forcearch=x86_64",
    ],
    ...Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`),
    ...repositories.flatMap((repository, index) => [
      `--repofrompath=repo-${index},file://${repository}`,
      ...[`--repo=repo-${index}`, `--setopt=repo-${index}.gpgkey=file://${keyFile}`],
      ...[`--setopt=repo-${index}.gpgcheck=1`, `--setopt=repo-${index}.repo_gpgcheck=1`],
    ]),
  ];
  // Yes to the import of the key, no to the transaction.
  const env = { ...process.env, HOME: home.path, LC_ALL: "C.UTF-8", COLUMNS: "500" };
  const { stdout, stderr } = await run(["dnf", ...options, "--assumeyes", "--assumeno", "install", ...names], { env });
  if (!stdout.includes("Transaction Summary")) throw new Error(`dnf refuses: ${stdout}\n${stderr}`);
  const rows = [...stdout.matchAll(/^ (\S+) +(?:noarch|x86_64) +(\S+) +repo-\d+ /gm)];
  return rows.map(([, name = "", evr = ""]) => `${name}-${evr}`).sort();
}
