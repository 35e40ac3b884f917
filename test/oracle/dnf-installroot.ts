import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run, succeed } from "../e2e/support/workshop.ts";

/** dnf for a root tree and one repository; it knows no repository, cache, configuration or database of this host. */
export interface DnfInstallroot {
  readonly root: string;
  /** What it would install for these names, as `name-version-release.architecture` without epochs, sorted. */
  choose(names: readonly string[]): Promise<string[]>;
  /** Installs into the tree, in namespaces in which the tree is furnished as package scripts need it. */
  install(names: readonly string[]): Promise<void>;
}

/** What a package script finds in the tree; the same that the product gives it. */
const FURNISH = `
root=$1 && shift
mount -t proc proc "$root/proc"
for name in dev run tmp; do mount -t tmpfs "$name" "$root/$name"; done
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
umask 022
exec "$@"
`;

/** @param directory becomes the home of dnf; the tree is `root` in it */
export function createDnfInstallroot(directory: string, repository: string, keyFile: string): DnfInstallroot {
  const at = (name: string): string => path.join(directory, name);
  const root = at("root");
  for (const name of ["root", "repos"]) mkdirSync(at(name), { recursive: true });
  for (const [name, mode] of Object.entries({ proc: 0o555, sys: 0o555, dev: 0o755, run: 0o755, tmp: 0o1777 })) {
    mkdirSync(path.join(root, name));
    // The mode that mkdir gets is cut by the umask.
    chmodSync(path.join(root, name), mode);
  }
  // The program of this host is Debian's, whose database is elsewhere.
  writeFileSync(at(".rpmmacros"), "%_dbpath /var/lib/rpm\n%_pkgverify_level all\n");
  writeFileSync(at("dnf.conf"), "[main]\n");
  const settings = {
    ...{ reposdir: at("repos"), install_weak_deps: "False", gpgcheck: "1", repo_gpgcheck: "1" },
    "own.gpgkey": `file://${keyFile}`,
  };
  const options = [
    ...[`--config=${at("dnf.conf")}`, `--installroot=${root}`, "--releasever=3.0", "--forcearch=x86_64"],
    ...Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`),
    ...[`--repofrompath=own,file://${repository}`, "--repo=own"],
  ];
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: directory,
    ...{ LANG: "C.UTF-8", TZ: "UTC", COLUMNS: "500", SYSTEMD_OFFLINE: "1", SOURCE_DATE_EPOCH: "1700000000" },
  };
  return {
    root,
    async choose(names) {
      // Yes to the import of the key, no to the transaction.
      const argv = ["dnf", ...options, "--assumeyes", "--assumeno", "install", ...names] as const;
      const { stdout, stderr } = await run([...argv], { env });
      if (!stdout.includes("Transaction Summary")) throw new Error(`dnf refuses: ${stdout}\n${stderr}`);
      const rows = [...stdout.matchAll(/^ (\S+) +(noarch|x86_64) +(?:\d+:)?(\S+) +own /gm)];
      return rows.map(([, name = "", architecture = "", version = ""]) => `${name}-${version}.${architecture}`).sort();
    },
    async install(names) {
      const namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--propagation", "private"];
      const inside = ["sh", "-euc", FURNISH, "sh", root];
      await succeed(["unshare", ...namespaces, ...inside, "dnf", ...options, "--assumeyes", "install", ...names], {
        env,
      });
    },
  };
}
