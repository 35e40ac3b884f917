export interface Ext4Options {
  /** As the program that runs mke2fs sees it. */
  readonly imageFile: string;
  /** Where the file system begins in the file; the place must be a hole or zeros. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly uuid: string;
  /** A UUID. */
  readonly hashSeed: string;
  /** At most 16 bytes; empty for none. */
  readonly label: string;
  /** Seconds since 1970: every time of the file system that is not the mtime of a file, and the newest mtime. */
  readonly sourceDateEpoch: number;
  /** The tree to fill it with; absent: an empty file system. */
  readonly rootDirectory?: string;
  /** Share of the blocks that only root may use. Absent: 0, so that a partition holds what its size says. */
  readonly reservedPercent?: number;
}

/** A program to run where the image file is visible. */
export interface ProgramCall {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
}

const BLOCK_BYTES = 4096;
const BYTES_PER_INODE = 16384;

/**
 * What makes the file system an ext4; said here, so that no mke2fs.conf (they differ between distributions) is asked.
 *
 * Left out against the defaults of e2fsprogs 1.47: `metadata_csum_seed`, which GRUB 2.06 cannot read and which is only
 * for changing the UUID of a mounted file system; `orphan_file`, which e2fsck 1.46 and Linux 5.14 do not know.
 */
const FEATURES = [
  "none",
  "has_journal",
  "ext_attr",
  "resize_inode",
  "dir_index",
  "filetype",
  "extent",
  "64bit",
  "flex_bg",
  "sparse_super",
  "large_file",
  "huge_file",
  "dir_nlink",
  "extra_isize",
  "metadata_csum",
];

/**
 * The call of mke2fs (e2fsprogs ≥ 1.47) that makes an ext4 file system in place, with a tree in it.
 *
 * Directories are read in the order of their names; hard links and holes are kept, a block of zeros becomes a hole;
 * mtimes are in whole seconds, from 1.47.1 on at most the epoch. Access and change times and extended attributes are left to
 * {@link finishExt4Call}.
 *
 * @see mke2fs(8)
 */
export function mke2fsArgv(options: Ext4Options): ProgramCall {
  const extended = [
    `offset=${options.offsetBytes}`,
    `hash_seed=${options.hashSeed}`,
    "root_owner=0:0",
    "nodiscard",
    // The place is zeros already: inode tables and journal count as initialized, with no write now and none by the
    // kernel at first boot. Without it, what mke2fs does depends on the kernel that it runs on.
    "assume_storage_prezeroed=1",
    // finishExt4Call() sets them: copied, they come in the order of the tree's file system, with labels of the host.
    "no_copy_xattrs",
  ];
  return {
    argv: [
      "mke2fs",
      ...["-F", "-q"],
      ...["-O", FEATURES.join(",")],
      ...["-b", String(BLOCK_BYTES), "-i", String(BYTES_PER_INODE), "-I", "256"],
      ...["-m", String(options.reservedPercent ?? 0)],
      ...["-U", options.uuid],
      ...(options.label === "" ? [] : ["-L", options.label]),
      ...["-E", extended.join(",")],
      ...(options.rootDirectory === undefined ? [] : ["-d", options.rootDirectory]),
      options.imageFile,
      `${Math.floor(options.sizeBytes / 1024)}k`,
    ],
    env: {
      ...fixedTime(options.sourceDateEpoch),
      MKE2FS_CONFIG: "/dev/null",
    },
  };
}

/** The environment that keeps the clock out of what e2fsprogs writes; versions before 1.47.1 know only the second name. */
export function fixedTime(sourceDateEpoch: number): Readonly<Record<string, string>> {
  return { SOURCE_DATE_EPOCH: String(sourceDateEpoch), E2FSPROGS_FAKE_TIME: String(sourceDateEpoch), LC_ALL: "C" };
}
