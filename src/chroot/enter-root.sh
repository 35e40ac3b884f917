#!/bin/sh
# Runs a program inside a root tree, as PID 1 of namespaces of its own (mount, PID, network, IPC, UTS).
#
#   enter-root.sh ROOT [--read-only] [--bind SOURCE TARGET | --bind-ro SOURCE TARGET | --tree SOURCE TARGET]... -- \
#     PROGRAM [ARGUMENT]...
#
# The caller makes the namespaces (unshare) and gives the environment that the program gets. What is mounted here is
# seen by the program alone and ends with it: /proc with its dangerous parts read-only, /sys read-only, a /dev with six
# harmless devices, empty /run and /tmp. The program is root over ROOT, without the capabilities that reach beyond it.
#
# --read-only keeps the program from changing ROOT, what is mounted in it excepted.
# --tree is for a program that changes another root tree, as rpm --root does: the tree is furnished like ROOT, the program
# may chroot, and ROOT, read-only, takes the place of the namespace's root, so that chroot leads nowhere else.
set -eu

root=$1
shift
tree=
read_only=

mount --make-rprivate /

# furnish DIRECTORY: what programs and package scripts expect in a root tree.
furnish() {
  mkdir -p -m 0555 "$1/proc" "$1/sys"
  mkdir -p -m 1777 "$1/tmp"
  mkdir -p "$1/dev" "$1/run"
  mount -t proc -o nosuid,nodev,noexec proc "$1/proc"
  for part in sys sysrq-trigger irq bus fs; do
    if [ -e "$1/proc/$part" ]; then
      mount --bind "$1/proc/$part" "$1/proc/$part"
      mount -o remount,bind,ro,nosuid,nodev,noexec "$1/proc/$part"
    fi
  done

  # Inside a container /sys may be masked, and a new instance is then refused: an empty one does as well.
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$1/sys" 2>/dev/null ||
    mount -t tmpfs -o ro,nosuid,nodev,noexec,size=4k sysfs "$1/sys"

  mount -t tmpfs -o nosuid,noexec,mode=0755,size=1m dev "$1/dev"
  for device in null zero full random urandom tty; do
    : >"$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
  done
  ln -s /proc/self/fd "$1/dev/fd"
  ln -s fd/0 "$1/dev/stdin"
  ln -s fd/1 "$1/dev/stdout"
  ln -s fd/2 "$1/dev/stderr"
  mkdir "$1/dev/shm"
  mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$1/dev/shm"

  mount -t tmpfs -o nosuid,nodev,mode=0755 run "$1/run"
  mkdir -p "$1/run/lock"
  mount -t tmpfs -o nosuid,nodev,mode=1777 tmp "$1/tmp"
}

# The root of a mount namespace has to be a mount point of its own.
mount --rbind "$root" "$root"
furnish "$root"

if [ "$1" = --read-only ]; then
  read_only=yes
  shift
fi
while [ "$1" != -- ]; do
  option=$1 source=$2 target=$root$3
  shift 3
  if [ -d "$source" ]; then mkdir -p "$target"; else [ -e "$target" ] || : >"$target"; fi
  mount --rbind "$source" "$target"
  case $option in
  --bind-ro) mount -o remount,bind,ro "$target" ;;
  --tree)
    tree=$target
    furnish "$tree"
    ;;
  esac
done
shift

# The name of this machine must not reach an output.
[ ! -x "$root/usr/bin/hostname" ] || chroot "$root" /usr/bin/hostname localhost

# What a package script needs to own files and change identity, and nothing that leads out of the tree.
keep=-all,+chown,+dac_override,+dac_read_search,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap
keep=$keep,+net_bind_service,+sys_nice,+sys_resource,+audit_write

umask 022
[ -z "$read_only" ] || mount -o remount,bind,ro "$root"
[ -n "$tree" ] || exec chroot "$root" /usr/bin/setpriv --bounding-set="$keep" --inh-caps=-all -- "$@"

# ROOT covers what was the root: nothing else can be reached, whatever a script does with its right to chroot.
mount -o remount,bind,ro "$root"
cd "$root"
# A move would be noted in the host's /run/mount, where a plain user may not write.
mount --no-mtab --move "$root" /
exec chroot . /usr/bin/setpriv --bounding-set="$keep,+sys_chroot" --inh-caps=-all -- "$@"
