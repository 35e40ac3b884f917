import { ComposerError } from "../../core/index.ts";

/** A section of a PE file: where it is in the file, and where it belongs in memory. */
export interface PeSection {
  readonly name: string;
  /** Its length in memory; the bytes behind it in the file are padding. */
  readonly virtualSizeBytes: number;
  /** Relative to the base of the image. */
  readonly virtualAddress: number;
  readonly rawSizeBytes: number;
  readonly rawOffset: number;
  /** Where its header is in the file. */
  readonly headerOffset: number;
}

/** The parts of a PE file for 64 bits that loading and extending it need. */
export interface PeFile {
  /** The processor. @see PE format, "Machine Types" */
  readonly machine: number;
  /** Of the signature "PE\0\0"; the COFF header follows it. */
  readonly signatureOffset: number;
  readonly optionalHeaderOffset: number;
  readonly sectionTableOffset: number;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  readonly headersSizeBytes: number;
  readonly dllCharacteristics: number;
  /** Data directories that the optional header has room for. */
  readonly directoryCount: number;
  readonly sections: readonly PeSection[];
}

/** Of the COFF header, the optional header, and a section header. @see PE format */
export const COFF_HEADER = {
  machine: 4,
  sectionCount: 6,
  symbolTable: 12,
  symbolCount: 16,
  optionalSize: 20,
  size: 24,
};
export const OPTIONAL_HEADER = {
  initializedDataSize: 8,
  sectionAlignment: 32,
  fileAlignment: 36,
  imageSize: 56,
  headersSize: 60,
  checksum: 64,
  dllCharacteristics: 70,
  directoryCount: 108,
  directories: 112,
};
export const SECTION_HEADER = {
  virtualSize: 8,
  virtualAddress: 12,
  rawSize: 16,
  rawOffset: 20,
  characteristics: 36,
  size: 40,
};

const DOS_HEADER_BYTES = 64;
const PE32_PLUS = 0x20b;
/** Far above what linkers of kernels and stubs use. */
const MAX_ALIGNMENT = 0x1000000;

/**
 * Reads the headers of a PE file for 64 bits.
 *
 * @param head the file from its beginning, at least all of its headers
 * @param fileSizeBytes the length of the whole file
 * @param what the file, for messages
 * @throws {IMAGE_PLAN_INVALID} it is no such file, it is truncated, or its headers contradict each other
 * @see https://learn.microsoft.com/windows/win32/debug/pe-format
 */
export function readPeFile(head: Uint8Array, fileSizeBytes: number, what: string): PeFile {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const need = (end: number, part: string): void => {
    if (end > bytes.length) throw invalidPe(what, `its ${part} ends behind the end of the file`);
  };
  need(DOS_HEADER_BYTES, "DOS header");
  if (bytes.toString("latin1", 0, 2) !== "MZ") throw invalidPe(what, "it does not begin as a program for EFI");
  const signatureOffset = bytes.readUInt32LE(0x3c);
  const optionalHeaderOffset = signatureOffset + COFF_HEADER.size;
  need(optionalHeaderOffset + OPTIONAL_HEADER.directories, "header");
  if (bytes.toString("latin1", signatureOffset, signatureOffset + 4) !== "PE\0\0") {
    throw invalidPe(what, "it has no PE header");
  }
  if (bytes.readUInt16LE(optionalHeaderOffset) !== PE32_PLUS) throw invalidPe(what, "it is no program for 64 bits");

  const optionalSizeBytes = bytes.readUInt16LE(signatureOffset + COFF_HEADER.optionalSize);
  const directoryCount = bytes.readUInt32LE(optionalHeaderOffset + OPTIONAL_HEADER.directoryCount);
  if (OPTIONAL_HEADER.directories + directoryCount * 8 > optionalSizeBytes) {
    throw invalidPe(what, "its optional header has no room for its data directories");
  }
  const optional = (offset: number): number => bytes.readUInt32LE(optionalHeaderOffset + offset);
  const [sectionAlignment, fileAlignment] = [
    optional(OPTIONAL_HEADER.sectionAlignment),
    optional(OPTIONAL_HEADER.fileAlignment),
  ];
  for (const alignment of [sectionAlignment, fileAlignment]) {
    const isPower = alignment > 0 && (alignment & (alignment - 1)) === 0;
    if (!isPower || alignment > MAX_ALIGNMENT) throw invalidPe(what, `${alignment} is no alignment`);
  }

  const sectionTableOffset = optionalHeaderOffset + optionalSizeBytes;
  const sectionCount = bytes.readUInt16LE(signatureOffset + COFF_HEADER.sectionCount);
  const tableEnd = sectionTableOffset + sectionCount * SECTION_HEADER.size;
  need(tableEnd, "section table");
  const headersSizeBytes = optional(OPTIONAL_HEADER.headersSize);
  if (headersSizeBytes > fileSizeBytes) throw invalidPe(what, "its headers end behind the end of the file");
  if (headersSizeBytes < tableEnd) throw invalidPe(what, "its section table is longer than its headers");
  const sections = Array.from({ length: sectionCount }, (_, index) =>
    readSection(bytes, sectionTableOffset + index * SECTION_HEADER.size),
  );
  for (const section of sections) checkSection(section, tableEnd, fileSizeBytes, what);
  return {
    machine: bytes.readUInt16LE(signatureOffset + COFF_HEADER.machine),
    signatureOffset,
    optionalHeaderOffset,
    sectionTableOffset,
    sectionAlignment,
    fileAlignment,
    headersSizeBytes,
    dllCharacteristics: bytes.readUInt16LE(optionalHeaderOffset + OPTIONAL_HEADER.dllCharacteristics),
    directoryCount,
    sections,
  };
}

function readSection(bytes: Buffer, headerOffset: number): PeSection {
  const field = (offset: number): number => bytes.readUInt32LE(headerOffset + offset);
  return {
    name: bytes.toString("latin1", headerOffset, headerOffset + 8).replace(/\0+$/, ""),
    virtualSizeBytes: field(SECTION_HEADER.virtualSize),
    virtualAddress: field(SECTION_HEADER.virtualAddress),
    rawSizeBytes: field(SECTION_HEADER.rawSize),
    rawOffset: field(SECTION_HEADER.rawOffset),
    headerOffset,
  };
}

function checkSection(section: PeSection, tableEnd: number, fileSizeBytes: number, what: string): void {
  const { name, rawOffset, rawSizeBytes } = section;
  if (rawSizeBytes > 0 && rawOffset < tableEnd) throw invalidPe(what, `its section "${name}" lies in its headers`);
  if (rawSizeBytes > 0 && rawOffset + rawSizeBytes > fileSizeBytes) {
    throw invalidPe(what, `its section "${name}" ends behind the end of the file`);
  }
  if (endInMemory(section) > 0xffffffff) throw invalidPe(what, `its section "${name}" ends behind 4 GiB`);
}

/** Where a section ends in memory; old linkers left its length there out. */
export function endInMemory({ virtualAddress, virtualSizeBytes, rawSizeBytes }: PeSection): number {
  return virtualAddress + (virtualSizeBytes === 0 ? rawSizeBytes : virtualSizeBytes);
}

/** A section, and how many bytes of it in the file are no padding. */
export function sectionNamed(pe: PeFile, name: string): (PeSection & { readonly contentBytes: number }) | undefined {
  const section = pe.sections.find((candidate) => candidate.name === name);
  if (section === undefined) return undefined;
  const { rawSizeBytes, virtualSizeBytes } = section;
  return { ...section, contentBytes: virtualSizeBytes === 0 ? rawSizeBytes : Math.min(rawSizeBytes, virtualSizeBytes) };
}

/** The error for a PE file that cannot become part of a unified kernel image. */
export function invalidPe(what: string, state: string): ComposerError {
  return new ComposerError("IMAGE_PLAN_INVALID", `Cannot use "${what}" in a unified kernel image: ${state}`, {
    hint: "Install another version of the package that brings it, or set systemConfig.kernel.uki to false",
  });
}
