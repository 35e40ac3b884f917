#!/bin/sh
# Makes sure that everything the tests need is there: programs of this host, Node.js, the tools of development.
# As root it installs what is missing; as a plain user it prints the one line that does, and ends with exit code 1.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Some of the programs are not on the PATH of a plain user.
PATH=$PATH:/usr/sbin:/sbin
export PATH

say() { printf '%s\n' "$*" >&2; }

# What a package is needed for: a program, or a file when there is a slash in it.
needs() {
  cat <<'LIST'
attr getfattr
binutils objdump
bzip2 bzip2
cpio cpio
createrepo-c createrepo_c
dnf dnf
dose-distcheck dose-distcheck
dosfstools mkfs.vfat
dpkg dpkg
dpkg-dev dpkg-scanpackages
e2fsprogs e2fsck
fdisk sfdisk
gdisk sgdisk
gnupg gpg
gpgv gpgv
libdpkg-perl /usr/share/perl5/Dpkg.pm
mtools mcopy
netplan.io netplan
openssl openssl
ovmf /usr/share/OVMF
passwd pwck
perl perl
picosat picosat
policycoreutils setfiles
qemu-system-x86 qemu-system-x86_64
qemu-utils qemu-img
rpm rpmbuild
rpm2cpio rpm2cpio
sbsigntool sbsign
secilc secilc
selinux-utils sefcontext_compile
sudo visudo
uidmap newuidmap
util-linux setpriv
xz-utils xz
zstd zstd
LIST
}

missing_packages() {
  needs | while read -r package need; do
    case $need in
      */*) [ -e "$need" ] || printf '%s ' "$package" ;;
      *) command -v "$need" >/dev/null 2>&1 || printf '%s ' "$package" ;;
    esac
  done
}

install_packages() {
  log=$(mktemp)
  # The package lists of a fresh machine may be old or missing: then a second try helps.
  for attempt in 1 2; do
    if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
    [ "$attempt" = 2 ] || apt-get update >>"$log" 2>&1 || true
  done
  cat "$log" >&2
  rm -f "$log"
  return 1
}

missing=$(missing_packages)
missing=${missing% }
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    say "ERROR: Cannot run the tests: this host lacks what these Debian packages bring: $missing"
    exit 1
  elif [ "$(id -u)" != 0 ]; then
    say "ERROR: Cannot run the tests: programs are missing. Install them, then run the same command again:"
    say "  sudo apt-get install --no-install-recommends $missing"
    exit 1
  fi
  say "INFO: Installing what the tests need (once): $missing"
  # shellcheck disable=SC2086 # one word per package
  install_packages $missing || {
    say "ERROR: Cannot run the tests: apt-get failed (its messages stand above)"
    exit 1
  }
fi

exec sh "$here/with-node.sh" true
