import path from "node:path";
import { type Architecture, ComposerError, compareCodeUnits } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { FatNode } from "../disc/fat-layout.ts";
import { type ImageTree, openImageTree } from "../os/image-tree.ts";
import { readEntryToken, readOsRelease } from "./entry-token.ts";
import { type BootFile, planSystemdBoot } from "./plan-systemd-boot.ts";

export interface EspOptions {
  /** The configured tree, on the host. */
  readonly root: string;
  readonly architecture: Architecture;
  /** As in /lib/modules, the one to start first. */
  readonly kernelVersions: readonly string[];
  readonly cmdline: string;
  readonly rootPartUuid: string;
  /** What the boot menu calls the kernel, behind the name of the system. */
  readonly kernelName?: string;
}

/**
 * What goes onto the ESP of a tree, with the kernels and initrds of its /boot and its own boot loader.
 *
 * @throws {IMAGE_KERNEL_MISSING} the tree lacks the boot loader, a kernel or its initrd
 */
export async function planEsp(host: Host, options: EspOptions): Promise<FatNode[]> {
  const tree = openImageTree(host, options.root);
  const release = await readOsRelease(tree);
  const entryToken = await readEntryToken(tree);
  const files = options.kernelVersions.flatMap((kernelVersion) =>
    planSystemdBoot({
      architecture: options.architecture,
      kernelVersion,
      entryToken,
      title: titleOf(release, options.kernelName),
      cmdline: options.cmdline,
      rootPartUuid: options.rootPartUuid,
      kernel: `/boot/vmlinuz-${kernelVersion}`,
      initrds: [{ name: `initrd.img-${kernelVersion}`, content: `/boot/initrd.img-${kernelVersion}` }],
      bootLoader: `/usr/lib/systemd/boot/efi/systemd-boot${options.architecture.systemdEfi}.efi`,
      ...sortKeyOf(release),
    }),
  );
  const unique = new Map(files.map((file) => [file.path, file]));
  return toFatTree(host, tree, [...unique.values()]);
}

function titleOf(release: ReadonlyMap<string, string>, kernelName = ""): string {
  const system = release.get("PRETTY_NAME") ?? "Linux";
  return kernelName === "" ? system : `${system} (${kernelName})`;
}

function sortKeyOf(release: ReadonlyMap<string, string>): { sortKey?: string } {
  const sortKey = release.get("IMAGE_ID") ?? release.get("ID");
  return sortKey === undefined ? {} : { sortKey };
}

async function toFatTree(host: Host, tree: ImageTree, files: readonly BootFile<string>[]): Promise<FatNode[]> {
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
      if (leaf?.path === "") return fileNode(host, tree, name, leaf);
      return { kind: "directory", name, children: await toFatTree(host, tree, below) };
    }),
  );
}

async function fileNode(host: Host, tree: ImageTree, name: string, { content }: BootFile<string>): Promise<FatNode> {
  if (content.kind === "text") {
    const bytes = Buffer.from(content.text, "utf8");
    return { kind: "file", name, sizeBytes: bytes.length, content: () => inOnePiece(bytes) };
  }
  const stat = await tree.target(content.reference);
  if (stat?.kind !== "file") {
    throw new ComposerError(
      "IMAGE_KERNEL_MISSING",
      `Cannot make a bootable image: "${content.reference}" is not in it`,
      {
        hint: 'The packages "systemd-boot-efi" and a kernel such as "linux-image-amd64" bring what is needed to boot',
      },
    );
  }
  const source = path.join(tree.root, content.reference);
  return { kind: "file", name, sizeBytes: stat.sizeBytes, content: () => host.files.readStream(source) };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
