import { execFileSync } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";

/** Both file systems and the partition table are looked at in pieces of this size. */
const BLOCK_BYTES = 4096;
const PIECE_BYTES = 1024 * BLOCK_BYTES;
/** Enough to see a pattern; a test's message is read by a person. */
const SHOWN_PLACES = 12;

/**
 * Says where two disk images differ: partition, then file and field.
 *
 * @returns undefined when they are equal byte for byte
 */
export async function explainDifference(imageA: string, imageB: string): Promise<string | undefined> {
  const { offsets, blockCount } = await differingOffsets(imageA, imageB);
  const sizes = [await sizeBytes(imageA), await sizeBytes(imageB)] as const;
  const sizeLine = sizes[0] === sizes[1] ? [] : [`sizes differ: ${sizes[0]} and ${sizes[1]} bytes`];
  if (offsets.length === 0) return sizeLine[0];

  const images = [imageA, imageB] as const;
  const partitions = partitionsOf(imageA);
  const lines = partitions.flatMap((partition) => {
    const inside = offsets.filter((offset) => offset >= partition.start && offset < partition.end);
    if (inside.length === 0) return [];
    const explain = { ext4: explainExt4, vfat: explainFat }[partition.fs];
    const title = `partition ${partition.number} ("${partition.name}", ${partition.fs}) differs:`;
    return [title, ...unique(orOffsets(partition, inside, () => explain(images, partition, inside)))];
  });
  const outside = offsets.filter((offset) => !partitions.some(({ start, end }) => offset >= start && offset < end));
  const table = outside.length === 0 ? [] : tableDifferences(images, outside, sizes[0]);
  return [`${blockCount} blocks of ${BLOCK_BYTES} bytes differ`, ...sizeLine, ...table, ...lines].join("\n");
}

interface Partition {
  readonly number: number;
  readonly name: string;
  readonly fs: "ext4" | "vfat";
  /** Bytes from the start of the image; `end` is the first byte after it. */
  readonly start: number;
  readonly end: number;
}

type Images = readonly [string, string];

/** The exact byte of the first difference in each differing block; not more than a hundred for every 64 MiB. */
async function differingOffsets(imageA: string, imageB: string) {
  await using a = await open(imageA);
  await using b = await open(imageB);
  const offsets: number[] = [];
  let blockCount = 0;
  const shownIn = new Map<number, number>();
  const buffers = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)] as const;
  for (let start = 0; ; start += PIECE_BYTES) {
    const [pieceA, pieceB] = await Promise.all([pieceOf(a, buffers[0], start), pieceOf(b, buffers[1], start)]);
    const length = Math.min(pieceA.length, pieceB.length);
    if (length === 0) return { offsets, blockCount };
    if (pieceA.equals(pieceB)) continue;
    for (let block = 0; block < length; block += BLOCK_BYTES) {
      const [blockA, blockB] = [pieceA, pieceB].map((piece) => piece.subarray(block, block + BLOCK_BYTES)) as [Buffer, Buffer]; // prettier-ignore
      const first = blockA.findIndex((byte, index) => byte !== blockB[index]);
      if (first < 0) continue;
      blockCount += 1;
      const region = Math.floor(start / (64 * 1024 * 1024));
      const shown = shownIn.get(region) ?? 0;
      shownIn.set(region, shown + 1);
      if (shown < 100) offsets.push(start + block + first);
    }
  }
}

async function pieceOf(file: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, position);
  return buffer.subarray(0, bytesRead);
}

async function sizeBytes(file: string): Promise<number> {
  await using handle = await open(file);
  return (await handle.stat()).size;
}

/** Empty for what is no disk, a compressed image for example. */
function partitionsOf(image: string): Partition[] {
  interface Table {
    partitiontable: { partitions: { start: number; size: number; name?: string; type: string }[] };
  }
  try {
    const table = JSON.parse(tool("sfdisk", "-J", image)) as Table;
    return table.partitiontable.partitions.map(({ start, size, name = "", type }, index) => {
      const isEsp = type.toUpperCase() === "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
      return { number: index + 1, name, fs: isEsp ? "vfat" : "ext4", start: start * 512, end: (start + size) * 512 };
    });
  } catch {
    return [];
  }
}

function tableDifferences(images: Images, offsets: readonly number[], size: number): string[] {
  const [linesA, linesB] = images.map((image) => attempt(() => tool("sfdisk", "-d", image)).split("\n"));
  const fields = fieldDifferences(
    linesA ?? [],
    (linesB ?? []).map((line) => line.replaceAll(images[1], images[0])),
  );
  const places = offsets.map((offset) => {
    const part = [
      [512, "protective MBR"],
      [1024, "GPT header"],
      [34 * 512, "GPT entries"],
      [size - 33 * 512, "between the partitions"],
      [size - 512, "backup GPT entries"],
      [size, "backup GPT header"],
    ].find(([end]) => offset < Number(end));
    return `byte ${offset}: ${part?.[1] ?? "after the end"}`;
  });
  return ["outside of the partitions:", ...unique([...fields, ...places])];
}

/** Names the file of every differing block, and the fields of every differing inode. */
function explainExt4(images: Images, { start }: Partition, offsets: readonly number[]): string[] {
  const debugfs = (image: string, ...commands: string[]): string =>
    commands.map((command) => tool("debugfs", "-R", command, `${image}?offset=${start}`)).join("\n");
  const header = debugfs(images[0], "stats");
  const numberOf = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(header)?.[1]);
  const [blockSize, inodesPerGroup, inodeSize] = [numberOf("Block size"), numberOf("Inodes per group"), numberOf("Inode size")]; // prettier-ignore
  const groups = [
    ...header.matchAll(/Group\s+(\d+): block bitmap at (\d+), inode bitmap at (\d+), inode table at (\d+)/g),
  ];
  const tableBytes = inodesPerGroup * inodeSize;

  return offsets.slice(0, 4 * SHOWN_PLACES).flatMap((offset): string[] => {
    const inFs = offset - start;
    const block = Math.floor(inFs / blockSize);
    const group = groups.find(([, , , , table]) => {
      const at = inFs - Number(table) * blockSize;
      return at >= 0 && at < tableBytes;
    });
    if (group !== undefined) {
      // A block has many inodes, and more of them than the first may differ.
      const index = Math.floor((block - Number(group[4])) * (blockSize / inodeSize));
      const first = Number(group[1]) * inodesPerGroup + index + 1;
      return Array.from({ length: blockSize / inodeSize }, (_, number) => first + number).flatMap(explainInode);
    }
    const bitmap = groups.find(([, , blocks, inodes]) => block === Number(blocks) || block === Number(inodes));
    if (bitmap !== undefined) return [`bitmap of group ${bitmap[1]}`];
    const owner = /^\d+\s+(\d+)$/m.exec(debugfs(images[0], `icheck ${block}`))?.[1];
    if (owner !== undefined) return [`${fileOfInode(images[0], Number(owner))}: content`];
    if (block > 0) return [`block ${block}: of no file (group descriptors, or a copy of them)`];
    const [superA = [], superB = []] = images.map((image) => debugfs(image, "stats -h").split("\n"));
    return ["superblock", ...fieldDifferences(superA, superB).map((field) => `superblock: ${field}`)];
  });

  function explainInode(inode: number): string[] {
    const [statA = [], statB = []] = images.map((image) => debugfs(image, `stat <${inode}>`).split("\n"));
    const fields = fieldDifferences(statA, statB);
    return fields.length === 0 ? [] : fields.map((field) => `${fileOfInode(images[0], inode)}: ${field}`);
  }

  function fileOfInode(image: string, inode: number): string {
    const name = /^\d+\s+(\/.*)$/m.exec(debugfs(image, `ncheck ${inode}`))?.[1];
    return name?.replace(/^\/\//, "/") ?? `inode ${inode}`;
  }
}

function explainFat(images: Images, { start }: Partition, offsets: readonly number[]): string[] {
  const [listA = [], listB = []] = images.map((image) => tool("mdir", "-/", "-a", "-i", `${image}@@${start}`, "::").split("\n")); // prettier-ignore
  const names = tool("mdir", "-/", "-b", "-i", `${images[0]}@@${start}`, "::").split("\n");
  const files = names.filter((name) => name !== "" && !name.endsWith("/"));
  const changed = files.filter((name) => {
    const [a, b] = images.map((image) => attempt(() => tool("mcopy", "-n", "-i", `${image}@@${start}`, name, "-")));
    return a !== b;
  });
  const found = [...fieldDifferences(listA, listB), ...changed.map((name) => `${name.replace("::", "")}: content`)];
  return found.length > 0 ? found : offsets.map((offset) => `byte ${offset - start}: boot sector, FAT or a slack`);
}

/** The lines that only one of them has, side by side: each tool prints a field or a few on a line. */
function fieldDifferences(linesA: readonly string[], linesB: readonly string[]): string[] {
  const onlyA = linesA.filter((line) => line.trim() !== "" && !linesB.includes(line));
  const onlyB = linesB.filter((line) => line.trim() !== "" && !linesA.includes(line));
  const count = Math.max(onlyA.length, onlyB.length);
  return Array.from(
    { length: count },
    (_, index) => `${onlyA[index]?.trim() ?? "-"}  ≠  ${onlyB[index]?.trim() ?? "-"}`,
  );
}

function orOffsets({ start }: Partition, offsets: readonly number[], explain: () => string[]): string[] {
  try {
    return explain();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [`(${reason})`, ...offsets.map((offset) => `byte ${offset - start} of the partition`)];
  }
}

function unique(lines: readonly string[]): string[] {
  const all = [...new Set(lines)];
  const rest = all.length > SHOWN_PLACES ? [`  … and ${all.length - SHOWN_PLACES} more`] : [];
  return [...all.slice(0, SHOWN_PLACES).map((line) => `  ${line}`), ...rest];
}

function attempt(action: () => string): string {
  try {
    return action();
  } catch {
    return "";
  }
}

/** Bytes as Latin-1, so that no difference is lost. */
function tool(program: string, ...args: string[]): string {
  const env = {
    ...process.env,
    LC_ALL: "C",
    TZ: "UTC",
    MTOOLS_SKIP_CHECK: "1",
    PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  };
  return execFileSync(program, args, {
    encoding: "latin1",
    env,
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
