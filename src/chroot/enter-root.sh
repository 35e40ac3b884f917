#!/bin/sh
# Runs a program inside a root tree, as PID 1 of namespaces of its own (mount, PID, network, IPC, UTS).
#
#   enter-root.sh ROOT [--bind SOURCE TARGET | --bind-ro SOURCE TARGET]... -- PROGRAM [ARGUMENT]...
#
# The caller makes the namespaces (unshare) and gives the environment that the program gets. What is mounted here is
# seen by the program alone and ends with it: /proc with its dangerous parts read-only, /sys read-only, a /dev with six
# harmless devices, empty /run and /tmp. The program is root over ROOT, without the capabilities that reach beyond it.
set -eu

root=$1
shift

mount --make-rprivate /

over() { mkdir -p "$root$1"; }

over /proc
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for part in sys sysrq-trigger irq bus fs; do
  if [ -e "$root/proc/$part" ]; then
    mount --bind "$root/proc/$part" "$root/proc/$part"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/$part"
  fi
done

# Inside a container /sys may be masked, and a new instance is then refused: an empty one does as well.
over /sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys" 2>/dev/null ||
  mount -t tmpfs -o ro,nosuid,nodev,noexec,size=4k sysfs "$root/sys"

over /dev
mount -t tmpfs -o nosuid,noexec,mode=0755,size=1m dev "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm"
mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$root/dev/shm"

over /run
mount -t tmpfs -o nosuid,nodev,mode=0755 run "$root/run"
mkdir -p "$root/run/lock"
over /tmp
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp "$root/tmp"

while [ "$1" != -- ]; do
  option=$1 source=$2 target=$root$3
  shift 3
  if [ -d "$source" ]; then mkdir -p "$target"; else [ -e "$target" ] || : >"$target"; fi
  mount --rbind "$source" "$target"
  [ "$option" = --bind ] || mount -o remount,bind,ro "$target"
done
shift

# The name of this machine must not reach an output.
[ ! -x "$root/usr/bin/hostname" ] || chroot "$root" /usr/bin/hostname localhost

# What a package script needs to own files and change identity, and nothing that leads out of the tree.
keep=-all,+chown,+dac_override,+dac_read_search,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap
keep=$keep,+net_bind_service,+sys_nice,+sys_resource,+audit_write

umask 022
exec chroot "$root" /usr/bin/setpriv --bounding-set="$keep" --inh-caps=-all -- "$@"
