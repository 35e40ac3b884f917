import path from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, it } from "vitest";
import { makeDirectory, REPOSITORY, succeed } from "./support/workshop.ts";

const ENTER_ROOT = path.join(REPOSITORY, "src/chroot/enter-root.sh");
const isRoot = process.getuid?.() === 0;

/** Prints what a program sees and may do in there, as `name=value` lines. */
const PROBE = String.raw`
say() { printf '%s=%s\n' "$1" "$2"; }
can() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
say capabilities "$(sed -n 's/^CapBnd:\t0*//p' /proc/self/status)"
say inheritable "$(sed -n 's/^CapInh:\t0*//p' /proc/self/status)"
say mount "$(can mount -t tmpfs none /mnt)"
say chroot "$(can chroot / true)"
say namespace "$(can unshare --user true)"
say mknod "$(can mknod /tmp/disk b 8 0)"
say sysctl "$(can sh -c 'echo 1 >/proc/sys/kernel/sysrq')"
say sysrq "$(can sh -c 'echo h >/proc/sysrq-trigger')"
say sys "$(can sh -c 'touch /sys/x')"
say devices "$(ls /dev | tr '\n' ' ')"
say interfaces "$(sed -n '3,$s/:.*//p' /proc/net/dev | tr -d ' ' | tr '\n' ' ')"
say processes "$(ls /proc | grep -c '^[0-9]')"
say hostname "$(cat /proc/sys/kernel/hostname)"
say environment "$(env | sed 's/=.*//' | grep -v -e '^_$' -e '^PWD$' -e '^SHLVL$' | sort | tr '\n' ' ')"
say umask "$(umask)"
say root "$(can touch /mine)"
say work "$(can touch /run/mine /tmp/mine)"
say tree "$(can touch /run/image/mine)"
say inTree "$(can chroot /run/image /usr/bin/true)"
say namespaceInTree "$(can chroot /run/image unshare --user true)"
say escape "$(perl -e 'chdir "/"; mkdir "/tmp/down"; chroot "/tmp/down" or exit; chdir ".." for 1..64; chroot "."; opendir my $d, "/"; print join " ", readdir $d')"
`;

/** Real root must not be more dangerous than a plain user: what a package script may do is the same for both. */
describe.each([
  ["as real root", [], isRoot ? "" : "only root can try this"],
  ["in a user namespace", ["--user", "--map-root-user"], ""],
])("a program in a root tree, %s", (_, userNamespace, skipReason) => {
  let seen: Readonly<Record<string, string>>;
  beforeAll(async () => {
    if (skipReason === "") seen = await probe(userNamespace);
  });
  const check = (name: string, expectations: Readonly<Record<string, string | RegExp>>): void =>
    it(name, ({ skip }) => {
      if (skipReason !== "") skip(skipReason);
      for (const [fact, expected] of Object.entries(expectations)) expect(seen[fact], fact).toMatch(expected);
    });

  it("has no capability that reaches beyond the tree", ({ skip }) => {
    if (skipReason !== "") skip(skipReason);
    const bounding = BigInt(`0x${seen["capabilities"]}`);
    expect(bounding & ~allowedCapabilities()).toBe(0n);
    expect(seen["inheritable"]).toBe("");
  });
  check("cannot mount, leave the tree, make devices or change the kernel", {
    mount: "no",
    chroot: "no",
    namespace: "no",
    mknod: "no",
    sysctl: "no",
    sysrq: "no",
    sys: "no",
  });
  check("sees six harmless devices, no network, no other process and not the host's name", {
    devices: /^fd full null random shm stderr stdin stdout tty urandom zero $/,
    interfaces: /^lo $/,
    processes: /^[1-6]$/,
    hostname: "localhost",
  });
  check("has a clean environment", { environment: /^PATH $/, umask: "0022" });

  it("changes its tree, unless that is read-only", async ({ skip }) => {
    if (skipReason !== "") skip(skipReason);
    expect(seen).toMatchObject({ root: "yes", work: "yes" });
    const inner = await probe(userNamespace, { options: "--read-only" });
    expect(inner).toMatchObject({ root: "no", work: "yes", mount: "no", chroot: "no", namespace: "no" });
  });

  it("may chroot when it changes another tree, and gets nowhere with it", async ({ skip }) => {
    if (skipReason !== "") skip(skipReason);
    const inner = await probe(userNamespace, { options: "--tree" });
    expect(BigInt(`0x${inner["capabilities"]}`) & ~allowedCapabilities()).toBe(SYS_CHROOT);
    expect(inner).toMatchObject({ mount: "no", mknod: "no", sysctl: "no", sysrq: "no", sys: "no" });
    expect(inner).toMatchObject({ chroot: "yes", tree: "yes", inTree: "yes", namespaceInTree: "no", root: "no" });
    // The classic way out: chroot into a directory below, and go up from what stayed outside.
    expect(inner["escape"]?.trim().split(/\s+/)).toContain("probe");
    expect(inner["escape"]?.trim().split(/\s+/)).not.toContain("home");
  });
});

/** @see linux/capability.h */
const SYS_CHROOT = 1n << 18n;

/**
 * chown, dac_override, dac_read_search, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, sys_nice,
 * sys_resource, audit_write, setfcap: what owning files and changing identity takes.
 *
 * @see linux/capability.h
 */
function allowedCapabilities(): bigint {
  return [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 23, 24, 29, 31].reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}

/** A tree that borrows the host's /usr, in namespaces like those of a build. */
async function probe(
  userNamespace: readonly string[],
  { options = "" }: { readonly options?: "--tree" | "--read-only" | "" } = {},
): Promise<Readonly<Record<string, string>>> {
  await using directory = await makeDirectory("sandbox-");
  const outer = String.raw`
set -eu
tree=$1/tree
mkdir "$tree"
mount -t tmpfs tree "$tree"
mkdir "$tree/usr" "$tree/mnt"
mount --rbind /usr "$tree/usr"
for name in bin sbin lib lib64; do [ ! -e "/usr/$name" ] || ln -s "usr/$name" "$tree/$name"; done
printf '%s' "$PROBE" >"$tree/probe"
image=$1/image
mkdir -p "$image/usr"
mount --rbind /usr "$image/usr"
for name in bin sbin lib lib64; do [ ! -e "/usr/$name" ] || ln -s "usr/$name" "$image/$name"; done
enter=$2
case $3 in
--tree) set -- --tree "$image" /run/image ;;
--read-only) set -- --read-only ;;
*) set -- ;;
esac
exec env -i PATH="$PATH" \
  unshare --mount --pid --net --ipc --uts --fork --kill-child -- sh "$enter" "$tree" "$@" -- sh /probe
`;
  const namespaces = ["unshare", ...userNamespace, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
  const argv = [...namespaces, "sh", "-c", outer, "sh", directory.path, ENTER_ROOT, options] as unknown as [
    string,
    ...string[],
  ];
  const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const output = await succeed(argv, { env: { PATH: searchPath, PROBE, SECRET: "of the caller" } });
  return Object.fromEntries(
    output.split("\n").map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
