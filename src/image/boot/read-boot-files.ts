import { ComposerError } from "../../core/index.ts";
import type { Host } from "../../host/index.ts";
import type { ImageTree } from "../os/image-tree.ts";
import type { FilePiece } from "./append-pe-sections.ts";
import { invalidPe, readPeFile, sectionNamed } from "./pe-file.ts";
import type { KernelFacts, UkiOptions } from "./plan-uki.ts";

/** More than the headers of any kernel have, and more than any kernel says in ".sbat". */
const HEADERS_BYTES = 64 * 1024;
/** A stub has 100 KiB. */
const MAX_STUB_BYTES = 16 * 1024 * 1024;

/**
 * A file of a tree, by its host path.
 *
 * @throws {IMAGE_KERNEL_MISSING} it is not there
 */
export async function filePiece(tree: ImageTree, file: string): Promise<FilePiece<string>> {
  const [place, stat] = [await tree.resolve(file), await tree.target(file)];
  if (place === undefined || stat?.kind !== "file") throw missingBootFile(file);
  return { kind: "file", reference: place, sizeBytes: stat.sizeBytes };
}

/** @throws {IMAGE_KERNEL_MISSING} @throws {IMAGE_PLAN_INVALID} it is far too long to be a stub */
export async function readStub(
  host: Pick<Host, "files">,
  tree: ImageTree,
  name: string,
): Promise<UkiOptions<string>["stub"]> {
  const { reference, sizeBytes } = await filePiece(tree, name);
  if (sizeBytes > MAX_STUB_BYTES) {
    throw invalidPe(name, `it has ${sizeBytes} bytes, which is no stub`);
  }
  return { name, bytes: await host.files.readBytes(reference) };
}

/**
 * What a unified kernel image must say of a kernel.
 *
 * @throws {IMAGE_KERNEL_MISSING} it is not there
 * @throws {IMAGE_PLAN_INVALID} it is no program for EFI
 */
export async function readKernel(
  host: Pick<Host, "files">,
  tree: ImageTree,
  name: string,
): Promise<KernelFacts<string>> {
  const kernel = await filePiece(tree, name);
  await using file = await host.files.open(kernel.reference);
  const pe = readPeFile(await file.readAt(0, Math.min(HEADERS_BYTES, kernel.sizeBytes)), kernel.sizeBytes, name);
  const sbat = sectionNamed(pe, ".sbat");
  const text = sbat && (await file.readAt(sbat.rawOffset, Math.min(HEADERS_BYTES, sbat.contentBytes)));
  return { file: kernel, name, pe, sbat: Buffer.from(text ?? []).toString("utf8") };
}

/** os-release as the vendor of the tree has it; its defaults where there is none. @see os-release(5) */
export async function readReleaseText(tree: ImageTree): Promise<string> {
  const text = (await tree.readText("/usr/lib/os-release")) ?? (await tree.readText("/etc/os-release")) ?? "";
  if (text.trim() === "") return "NAME=Linux\nID=linux\nPRETTY_NAME=Linux\n";
  return text.endsWith("\n") ? text : `${text}\n`;
}

export function missingBootFile(reference: string): ComposerError {
  const hint = reference.endsWith(".stub")
    ? 'It is in the package "systemd-boot-efi" of Debian, in "systemd-boot" or "systemd-boot-unsigned" of rpm distributions'
    : 'The packages "systemd-boot-efi" and a kernel such as "linux-image-amd64" bring what is needed to boot';
  return new ComposerError("IMAGE_KERNEL_MISSING", `Cannot make a bootable image: "${reference}" is not in it`, {
    hint,
  });
}
