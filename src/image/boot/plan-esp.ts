import { type Architecture, compareCodeUnits } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { FatNode } from "../disc/fat-layout.ts";
import { type ImageTree, openImageTree } from "../os/image-tree.ts";
import { type FilePiece, type Piece, sizeOf } from "./append-pe-sections.ts";
import { readEntryToken, readOsRelease } from "./entry-token.ts";
import { type BootKernel, initrdPath } from "./place-initrds.ts";
import {
  type BootContent,
  type BootFile,
  kernelCommandLine,
  planSystemdBoot,
  planUnifiedBoot,
} from "./plan-systemd-boot.ts";
import { planUki } from "./plan-uki.ts";
import { filePiece, readKernel, readReleaseText, readStub } from "./read-boot-files.ts";

export interface EspOptions {
  /** The configured tree, on the host. */
  readonly root: string;
  readonly architecture: Architecture;
  /** The one to start first. */
  readonly kernels: readonly BootKernel[];
  readonly cmdline: string;
  readonly rootPartUuid: string;
  /** What the boot menu calls the kernel, behind the name of the system. */
  readonly kernelName?: string;
  /** Whether each kernel becomes a unified kernel image. */
  readonly isUnified?: boolean;
}

/** What all kernels of a tree have in common. */
interface Entries {
  readonly options: EspOptions;
  readonly entryToken: string;
  readonly title: string;
  readonly sortKey: string | undefined;
  readonly bootLoader: string;
}

/**
 * What goes onto the ESP of a tree: its own boot loader, the kernels of its /boot and, unless they are unified, the initrds there.
 *
 * @throws {IMAGE_KERNEL_MISSING} the tree lacks the boot loader, a kernel, its initrd or the stub of a unified image
 * @throws {IMAGE_PLAN_INVALID} no boot entry or unified kernel image can be made of them
 */
export async function planEsp(host: Pick<Host, "files">, options: EspOptions): Promise<FatNode[]> {
  const tree = openImageTree(host, options.root);
  const release = await readOsRelease(tree);
  const entries: Entries = {
    options,
    entryToken: await readEntryToken(tree),
    title: titleOf(release, options.kernelName),
    sortKey: release.get("IMAGE_ID") ?? release.get("ID"),
    bootLoader: `${EFI_PROGRAMS}/systemd-boot${options.architecture.systemdEfi}.efi`,
  };
  const unique = new Map<string, BootFile<string>>();
  for (const kernel of options.kernels) {
    const files =
      options.isUnified === true ? await planUnified(host, tree, entries, kernel) : planSeparate(entries, kernel);
    for (const file of files) unique.set(file.path, file);
  }
  return toFatTree(host, tree, [...unique.values()]);
}

function planSeparate({ options, sortKey, ...common }: Entries, kernel: BootKernel): BootFile<string>[] {
  const { architecture, cmdline, rootPartUuid } = options;
  const { version: kernelVersion } = kernel;
  return planSystemdBoot({
    ...{ ...common, architecture, kernelVersion, cmdline, rootPartUuid },
    kernel: kernelOf(kernelVersion),
    initrds: [{ name: `initrd.img-${kernelVersion}`, content: initrdPath(kernelVersion) }],
    ...(sortKey === undefined ? {} : { sortKey }),
  });
}

async function planUnified(
  host: Pick<Host, "files">,
  tree: ImageTree,
  { options, entryToken, title, bootLoader }: Entries,
  { version: kernelVersion, initrd }: BootKernel,
): Promise<BootFile<string>[]> {
  const { architecture, cmdline, rootPartUuid, kernelName = "" } = options;
  const image = planUki({
    stub: await readStub(host, tree, `${EFI_PROGRAMS}/linux${architecture.systemdEfi}.efi.stub`),
    // systemd-boot takes the title from there, and the last of several lines.
    osRelease: `${await readReleaseText(tree)}${kernelName === "" ? "" : `PRETTY_NAME="${title}"\n`}`,
    cmdline: kernelCommandLine(cmdline, rootPartUuid),
    kernelVersion,
    kernel: await readKernel(host, tree, kernelOf(kernelVersion)),
    initrd: await initrdPiece(host, tree, kernelVersion, initrd),
  });
  return planUnifiedBoot({ architecture, kernelVersion, entryToken, bootLoader, image });
}

/** Where systemd has its programs for EFI. */
const EFI_PROGRAMS = "/usr/lib/systemd/boot/efi";

function kernelOf(kernelVersion: string): string {
  return `/boot/vmlinuz-${kernelVersion}`;
}

/** The initrd of a unified image: one in the tree counts, which a script of the template may have made. */
async function initrdPiece(
  { files }: Pick<Host, "files">,
  tree: ImageTree,
  kernelVersion: string,
  built: string,
): Promise<FilePiece<string>> {
  const path = initrdPath(kernelVersion);
  if ((await tree.stat(path)) !== undefined) return filePiece(tree, path);
  return { kind: "file", reference: built, sizeBytes: (await files.stat(built))?.sizeBytes ?? 0 };
}

function titleOf(release: ReadonlyMap<string, string>, kernelName = ""): string {
  const system = release.get("PRETTY_NAME") ?? "Linux";
  return kernelName === "" ? system : `${system} (${kernelName})`;
}

async function toFatTree(
  host: Pick<Host, "files">,
  tree: ImageTree,
  files: readonly BootFile<string>[],
): Promise<FatNode[]> {
  const byFirst = new Map<string, BootFile<string>[]>();
  for (const file of files) {
    const [first = "", ...rest] = file.path.split("/").filter((part) => part !== "");
    byFirst.set(first, [...(byFirst.get(first) ?? []), { ...file, path: rest.join("/") }]);
  }
  const names = [...byFirst.keys()].sort(compareCodeUnits);
  return Promise.all(
    names.map(async (name): Promise<FatNode> => {
      const below = byFirst.get(name) ?? [];
      const [leaf] = below;
      if (leaf?.path === "") return fileNode(host, name, await piecesOf(tree, leaf.content));
      return { kind: "directory", name, children: await toFatTree(host, tree, below) };
    }),
  );
}

async function piecesOf(tree: ImageTree, content: BootContent<string>): Promise<readonly Piece<string>[]> {
  if (content.kind === "pieces") return content.pieces;
  if (content.kind === "text") return [{ kind: "bytes", bytes: Buffer.from(content.text, "utf8") }];
  return [await filePiece(tree, content.reference)];
}

function fileNode(host: Pick<Host, "files">, name: string, pieces: readonly Piece<string>[]): FatNode {
  return { kind: "file", name, sizeBytes: sizeOf(pieces), content: () => readPieces(host, pieces) };
}

async function* readPieces(
  { files }: Pick<Host, "files">,
  pieces: readonly Piece<string>[],
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece.kind === "bytes") yield piece.bytes;
    else yield* files.readStream(piece.reference);
  }
}
