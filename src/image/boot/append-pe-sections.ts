import { COFF_HEADER, endInMemory, invalidPe, OPTIONAL_HEADER, type PeFile, SECTION_HEADER } from "./pe-file.ts";

/** All of a file; `Reference` is how the caller names it. */
export interface FilePiece<Reference> {
  readonly kind: "file";
  readonly reference: Reference;
  readonly sizeBytes: number;
}

export type Piece<Reference> = FilePiece<Reference> | { readonly kind: "bytes"; readonly bytes: Uint8Array };

export interface NewSection<Reference> {
  /** At most 8 characters of ASCII. */
  readonly name: string;
  readonly content: readonly Piece<Reference>[];
  /** Code instead of data. */
  readonly isCode?: boolean;
}

const CHARACTERISTICS = { code: 0x20, initializedData: 0x40, read: 0x40000000 };
const CERTIFICATE_TABLE = 4;
const MAX_SIZE_BYTES = 0xffffffff;

/**
 * Puts sections behind those of a program for EFI, in the file and in memory; what else follows the last section there,
 * such as a signature or symbols, is dropped. The checksum becomes 0, which firmware takes.
 *
 * @param program the program itself, as {@link PeFile} describes it
 * @param what its file, for messages
 * @returns the pieces of the new file, in order
 * @throws {IMAGE_PLAN_INVALID} its headers have no room for more sections, its sections are not aligned, or the new file
 *   would be longer than 4 GiB
 * @see https://learn.microsoft.com/windows/win32/debug/pe-format
 */
export function appendPeSections<Reference>(
  program: Uint8Array,
  pe: PeFile,
  sections: readonly NewSection<Reference>[],
  what: string,
): Piece<Reference>[] {
  checkAligned(pe, what);
  const bodyEnd = Math.max(pe.headersSizeBytes, ...pe.sections.map((old) => old.rawOffset + old.rawSizeBytes));
  const body = Buffer.alloc(roundUp(bodyEnd, pe.fileAlignment));
  body.set(program.subarray(0, bodyEnd));
  const tableEnd = pe.sectionTableOffset + (pe.sections.length + sections.length) * SECTION_HEADER.size;
  const headersSizeBytes = Math.max(
    roundUp(pe.headersSizeBytes, pe.fileAlignment),
    roundUp(tableEnd, pe.fileAlignment),
  );
  checkRoom(body, pe, tableEnd, headersSizeBytes, what);

  const pieces: Piece<Reference>[] = [{ kind: "bytes", bytes: body }];
  let rawOffset = body.length;
  let memoryEnd = Math.max(0, ...pe.sections.map(endInMemory));
  let dataSizeBytes = body.readUInt32LE(pe.optionalHeaderOffset + OPTIONAL_HEADER.initializedDataSize);
  sections.forEach((section, index) => {
    const sizeBytes = sizeOf(section.content);
    const rawSizeBytes = roundUp(sizeBytes, pe.fileAlignment);
    const virtualAddress = roundUp(memoryEnd, pe.sectionAlignment);
    const headerOffset = pe.sectionTableOffset + (pe.sections.length + index) * SECTION_HEADER.size;
    memoryEnd = virtualAddress + sizeBytes;
    dataSizeBytes += sizeBytes;
    checkSize(Math.max(rawOffset + rawSizeBytes, roundUp(memoryEnd, pe.sectionAlignment), dataSizeBytes), what);
    writeSectionHeader(body, headerOffset, section, { sizeBytes, virtualAddress, rawSizeBytes, rawOffset });
    rawOffset += rawSizeBytes;
    const padding = new Uint8Array(rawSizeBytes - sizeBytes);
    pieces.push(...section.content, ...(padding.length === 0 ? [] : [{ kind: "bytes" as const, bytes: padding }]));
  });

  body.writeUInt16LE(pe.sections.length + sections.length, pe.signatureOffset + COFF_HEADER.sectionCount);
  body.writeUInt32LE(0, pe.signatureOffset + COFF_HEADER.symbolTable);
  body.writeUInt32LE(0, pe.signatureOffset + COFF_HEADER.symbolCount);
  const optional = (offset: number, value: number) => body.writeUInt32LE(value, pe.optionalHeaderOffset + offset);
  optional(OPTIONAL_HEADER.initializedDataSize, dataSizeBytes);
  optional(OPTIONAL_HEADER.imageSize, roundUp(memoryEnd, pe.sectionAlignment));
  optional(OPTIONAL_HEADER.headersSize, headersSizeBytes);
  optional(OPTIONAL_HEADER.checksum, 0);
  if (pe.directoryCount > CERTIFICATE_TABLE) {
    optional(OPTIONAL_HEADER.directories + CERTIFICATE_TABLE * 8, 0);
    optional(OPTIONAL_HEADER.directories + CERTIFICATE_TABLE * 8 + 4, 0);
  }
  return pieces;
}

/** The length of pieces together. */
export function sizeOf(pieces: readonly Piece<unknown>[]): number {
  return pieces.reduce((sum, piece) => sum + (piece.kind === "bytes" ? piece.bytes.length : piece.sizeBytes), 0);
}

/** Gaps in the file belong to no section, and digests for signatures are made of sections. */
function checkAligned({ sections, fileAlignment }: PeFile, what: string): void {
  for (const { name, rawOffset, rawSizeBytes } of sections) {
    if (rawSizeBytes === 0 || (rawOffset % fileAlignment === 0 && rawSizeBytes % fileAlignment === 0)) continue;
    throw invalidPe(what, `its section "${name}" is not aligned in the file`);
  }
}

/** Headers may grow up to the first section, in the file and in memory, and the table over padding. */
function checkRoom(body: Buffer, pe: PeFile, tableEnd: number, headersSizeBytes: number, what: string): void {
  const used = pe.sectionTableOffset + pe.sections.length * SECTION_HEADER.size;
  const limit = Math.min(
    body.length,
    ...pe.sections.flatMap(({ virtualAddress, rawOffset, rawSizeBytes }) =>
      rawSizeBytes === 0 ? [virtualAddress] : [virtualAddress, rawOffset],
    ),
  );
  if (headersSizeBytes > limit || !isPadding(body.subarray(used, tableEnd))) {
    throw invalidPe(what, "its headers have no room for more sections");
  }
}

/** "nop" of aarch64: what the headers of stubs that gnu-efi assembles for it are filled with, instead of zeros. */
const NOP = [0x1f, 0x20, 0x03, 0xd5];

function isPadding(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0) || bytes.every((byte, index) => byte === NOP[index % NOP.length]);
}

function checkSize(sizeBytes: number, what: string): void {
  if (sizeBytes > MAX_SIZE_BYTES) throw invalidPe(what, "with kernel and initrd it would be longer than 4 GiB");
}

interface Place {
  readonly sizeBytes: number;
  readonly virtualAddress: number;
  readonly rawSizeBytes: number;
  readonly rawOffset: number;
}

function writeSectionHeader(body: Buffer, at: number, { name, isCode }: NewSection<unknown>, place: Place): void {
  body.fill(0, at, at + SECTION_HEADER.size);
  body.write(name, at, 8, "latin1");
  body.writeUInt32LE(place.sizeBytes, at + SECTION_HEADER.virtualSize);
  body.writeUInt32LE(place.virtualAddress, at + SECTION_HEADER.virtualAddress);
  body.writeUInt32LE(place.rawSizeBytes, at + SECTION_HEADER.rawSize);
  body.writeUInt32LE(place.rawOffset, at + SECTION_HEADER.rawOffset);
  const kind = isCode === true ? CHARACTERISTICS.code : CHARACTERISTICS.initializedData;
  body.writeUInt32LE(CHARACTERISTICS.read | kind, at + SECTION_HEADER.characteristics);
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
