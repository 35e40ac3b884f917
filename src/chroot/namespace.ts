import { ComposerError, isComposerError, messageOf } from "../core/index.ts";
import { type Host, isFirstProcess, KILLED_EXIT_CODE, runInnerProcess } from "../host/index.ts";

/** Set for the inner half, and only believed by a process that is the first of its PID namespace. */
const INNER_MARK = "OS_IMAGE_COMPOSER_INNER";

/** True in the half of the program that runs inside the namespaces. */
export function isInsideNamespace(host: Host): boolean {
  return isFirstProcess() && host.environment.variables[INNER_MARK] === "1";
}

/**
 * Runs this program again, with the same arguments, inside new user, mount and PID namespaces (real root needs no user
 * namespace), and waits for it.
 *
 * @returns the exit code of the inner half
 * @throws {HOST_NAMESPACE_REFUSED} @throws {HOST_TOOL_MISSING} this host does not allow it; says why and what to do
 * @throws {HOST_PROGRAM_FAILED} the inner half was killed
 */
export async function enterNamespace(host: Host): Promise<number> {
  await requireNamespaces(host);
  const { nodePath, programArguments, variables } = host.environment;
  const argv = [...namespaceArgv(host.environment.uid), nodePath, ...programArguments] as const;
  const exitCode = await runInnerProcess(argv, { ...variables, [INNER_MARK]: "1" });
  if (exitCode === KILLED_EXIT_CODE) {
    throw new ComposerError(
      "HOST_PROGRAM_FAILED",
      "Cannot finish: the program was killed; nothing unfinished was kept",
      {
        hint: "When nobody did it, memory ran out (dmesg says so): set tree_storage to disk in the configuration file",
      },
    );
  }
  return exitCode;
}

function namespaceArgv(uid: number): readonly [string, ...string[]] {
  const userNamespace = uid === 0 ? [] : ["--user", "--map-auto", "--map-root-user"];
  return [
    ...(["setpriv", "--pdeathsig", "KILL", "unshare"] as const),
    ...userNamespace,
    ...["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"],
  ];
}

/** One thing that a build needs of this host. */
export interface HostCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do when it is not ok. */
  readonly fix?: string;
}

/**
 * Looks whether this host lets the calling user build: programs, uid ranges, namespaces. The namespaces are tried, not
 * guessed.
 */
export async function checkHost(host: Host): Promise<readonly HostCheck[]> {
  const checks = [...(await checkPrograms(host))];
  if (host.environment.uid !== 0) checks.push(...(await checkUidMap(host)));
  if (checks.every(({ ok }) => ok)) checks.push(await tryNamespaces(host));
  return checks;
}

async function requireNamespaces(host: Host): Promise<void> {
  const failed = (await checkHost(host)).filter(({ ok }) => !ok);
  const [first] = failed;
  if (first === undefined) return;
  const isMissingProgram = failed.every(({ name }) => name.startsWith("program "));
  throw new ComposerError(
    isMissingProgram ? "HOST_TOOL_MISSING" : "HOST_NAMESPACE_REFUSED",
    `Cannot build on this host: ${failed.map(({ name, found }) => `${name}: ${found}`).join("; ")}`,
    { hint: [...new Set(failed.flatMap(({ fix }) => fix ?? []))].join("; ") },
  );
}

const PROGRAMS: readonly (readonly [string, string])[] = [
  ["unshare", "util-linux"],
  ["setpriv", "util-linux"],
  ["flock", "util-linux"],
  ["mount", "mount"],
  ["chroot", "coreutils"],
];

async function checkPrograms(host: Host): Promise<HostCheck[]> {
  const rootless: readonly (readonly [string, string])[] =
    host.environment.uid === 0
      ? []
      : [
          ["newuidmap", "uidmap"],
          ["newgidmap", "uidmap"],
        ];
  return Promise.all(
    [...PROGRAMS, ...rootless].map(async ([program, packageName]) => {
      const file = await findProgram(host, program);
      return {
        name: `program ${program}`,
        ok: file !== undefined,
        found: file ?? "not installed",
        fix: `install the package "${packageName}" (sudo apt-get install ${packageName})`,
      };
    }),
  );
}

async function findProgram(host: Host, program: string): Promise<string | undefined> {
  for (const directory of ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]) {
    const file = `${directory}/${program}`;
    if (await host.files.exists(file)) return file;
  }
  return undefined;
}

/** A tree has files of up to 65,536 owners. */
const NEEDED_IDS = 65_536;

/** @see subuid(5) */
async function checkUidMap(host: Host): Promise<HostCheck[]> {
  const { userName, uid } = host.environment;
  return Promise.all(
    (["subuid", "subgid"] as const).map(async (kind) => {
      const text = (await host.files.exists(`/etc/${kind}`)) ? await host.files.readText(`/etc/${kind}`) : "";
      const counts = text
        .split("\n")
        .map((line) => line.split(":"))
        .filter(([owner]) => owner === userName || owner === String(uid))
        .map(([, , count]) => Number(count));
      const largest = Math.max(0, ...counts);
      return {
        name: `/etc/${kind}`,
        ok: largest >= NEEDED_IDS,
        found: largest === 0 ? `no range for user "${userName}"` : `a range of ${largest} ids`,
        fix: `give the user a range of ${NEEDED_IDS} ids (sudo usermod --add-subuids 200000-265535 --add-subgids 200000-265535 ${userName})`,
      };
    }),
  );
}

async function tryNamespaces(host: Host): Promise<HostCheck> {
  const name = "namespaces";
  try {
    await host.processes.run({
      argv: [...namespaceArgv(host.environment.uid), "mount", "-t", "tmpfs", "probe", "/tmp"],
      timeoutMs: 10_000,
      package: "util-linux",
    });
    return { name, ok: true, found: host.environment.uid === 0 ? "mount and PID" : "user, mount and PID" };
  } catch (error) {
    const details = isComposerError(error) ? error.details.join(" ") : "";
    return {
      name,
      ok: false,
      found: details === "" ? messageOf(error) : details,
      fix: await namespaceFix(host, details),
    };
  }
}

async function namespaceFix(host: Host, details: string): Promise<string> {
  if (/unrecognized option|invalid option/.test(details)) return "util-linux 2.38 or newer is needed";
  const flag = async (file: string): Promise<string | undefined> =>
    (await host.files.exists(file)) ? (await host.files.readText(file)).trim() : undefined;
  if ((await flag("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) === "1") {
    return "AppArmor forbids user namespaces here (sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root)";
  }
  if ((await flag("/proc/sys/kernel/unprivileged_userns_clone")) === "0") {
    return "this kernel forbids them to plain users (sudo sysctl kernel.unprivileged_userns_clone=1, or run as root)";
  }
  if ((await flag("/proc/sys/user/max_user_namespaces")) === "0") {
    return "user namespaces are switched off (sudo sysctl user.max_user_namespaces=15000, or run as root)";
  }
  return "inside a container, start it with more rights (for example --privileged), or build outside of it";
}
