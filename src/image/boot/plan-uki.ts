import { appendPeSections, type FilePiece, type NewSection, type Piece, sizeOf } from "./append-pe-sections.ts";
import { mergeSbat } from "./merge-sbat.ts";
import { invalidPe, OPTIONAL_HEADER, type PeFile, readPeFile } from "./pe-file.ts";

/** What must be known of a kernel before it goes into an image. */
export interface KernelFacts<Reference> {
  /** For messages. */
  readonly name: string;
  readonly file: FilePiece<Reference>;
  readonly pe: PeFile;
  /** Of its section ".sbat"; empty when it has none. */
  readonly sbat: string;
}

/** `Reference` is how the caller names a file. */
export interface UkiOptions<Reference> {
  /** systemd-stub, all of it. */
  readonly stub: { readonly name: string; readonly bytes: Uint8Array };
  /** The text of os-release: systemd-boot takes the title from there. */
  readonly osRelease: string;
  readonly cmdline: string;
  /** What `uname -r` of the kernel says. */
  readonly kernelVersion: string;
  readonly kernel: KernelFacts<Reference>;
  readonly initrd: FilePiece<Reference>;
}

const NX_COMPAT = 0x100;

/**
 * A unified kernel image: systemd-stub, with a kernel and what it needs in sections behind the stub's own. The bytes are
 * those that ukify of systemd 257 makes.
 *
 * @returns its pieces, in order
 * @throws {IMAGE_PLAN_INVALID} stub or kernel are no programs for EFI on the same processor, or the stub has no room
 * @see https://uapi-group.org/specifications/specs/unified_kernel_image/
 * @see systemd-stub(7)
 */
export function planUki<Reference>(options: UkiOptions<Reference>): Piece<Reference>[] {
  const { kernel } = options;
  const { name } = options.stub;
  const stub = readPeFile(options.stub.bytes, options.stub.bytes.length, name);
  if (kernel.pe.machine !== stub.machine) throw invalidPe(kernel.name, `it is for another processor than "${name}"`);
  const bytes = Buffer.from(options.stub.bytes);
  // Firmware that protects memory must be told the same of the stub and of what it starts.
  const dllCharacteristics = stub.dllCharacteristics & ~(~kernel.pe.dllCharacteristics & NX_COMPAT);
  bytes.writeUInt16LE(dllCharacteristics, stub.optionalHeaderOffset + OPTIONAL_HEADER.dllCharacteristics);
  const sbat = mergeSbat(bytes, stub, kernel.sbat, name);
  const sections: NewSection<Reference>[] = [
    { name: ".osrel", content: text(options.osRelease) },
    { name: ".cmdline", content: text(options.cmdline) },
    { name: ".uname", content: text(options.kernelVersion) },
    { name: ".linux", content: [kernel.file], isCode: true },
    { name: ".initrd", content: [options.initrd] },
    { name: ".sbat", content: sbat === undefined ? [] : [{ kind: "bytes", bytes: sbat }] },
  ];
  const wanted = sections.filter(({ content }) => sizeOf(content) > 0);
  // Headers were changed at places that don't move.
  return appendPeSections(bytes, readPeFile(bytes, bytes.length, name), wanted, name);
}

function text(content: string): [Piece<never>] {
  return [{ kind: "bytes", bytes: Buffer.from(content, "utf8") }];
}
