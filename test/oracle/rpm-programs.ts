import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";

/** rpm with a database, a home and keys of its own: the host's are never touched. */
export interface RpmPrograms {
  run(argv: readonly [string, ...string[]], cwd?: string): string;
  /** What `rpm -K` says, and whether it means that signatures are there and hold. */
  check(file: string): { readonly accepted: boolean; readonly text: string };
  importKeys(files: readonly string[]): void;
  /** The one binary package of a spec file. */
  build(spec: string, macros?: Readonly<Record<string, string>>): string;
}

export function createRpmPrograms(directory: string): RpmPrograms {
  const [home, database] = ["home", "database"].map((name) => path.join(directory, name));
  if (home === undefined || database === undefined) throw new Error("unreachable");
  fs.mkdirSync(home);
  fs.writeFileSync(path.join(home, ".rpmmacros"), `%_dbpath ${database}\n%_rpmlock_path ${database}/.lock\n`);
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: "1700000000",
  };
  const run: RpmPrograms["run"] = ([program, ...args], cwd = directory) =>
    execFileSync(program, args, {
      cwd,
      env,
      encoding: "utf8",
      maxBuffer: 256 * 1024 ** 2,
      stdio: ["ignore", "pipe", "pipe"],
    });
  run(["rpmdb", "--initdb"]);
  let builds = 0;
  return {
    run,
    check(file) {
      const { status, stdout } = spawnSync("rpm", ["-K", file], { env, encoding: "utf8" });
      // An unsigned package passes, too: "digests OK".
      return { accepted: status === 0 && /: digests signatures OK\n$/.test(stdout), text: stdout };
    },
    importKeys: (files) => void run(["rpmkeys", "--import", ...files]),
    build(spec, macros = {}) {
      builds += 1;
      const top = path.join(directory, `build-${builds}`);
      fs.mkdirSync(top);
      fs.writeFileSync(path.join(top, "package.spec"), spec);
      const all = {
        _topdir: top,
        _build_id_links: "none",
        __os_install_post: "%{nil}",
        _buildhost: "build.example.org",
        use_source_date_epoch_as_buildtime: "1",
        ...macros,
      };
      const defines = Object.entries(all).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
      run(["rpmbuild", "-bb", "--quiet", ...defines, "package.spec"], top);
      const [file = ""] = fs.globSync(path.join(top, "RPMS/*/*.rpm"));
      return file;
    },
  };
}
