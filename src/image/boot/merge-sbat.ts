import { invalidPe, type PeFile, SECTION_HEADER, sectionNamed } from "./pe-file.ts";

const HEADER = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md";
const UKI = "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/";

/**
 * Makes the section ".sbat" of a stub speak for a whole unified kernel image, so that shim refuses it when the stub, the
 * kernel or this form of image is revoked. Where there is room for the stub's and the kernel's own lines only, it has
 * those.
 *
 * @param stub the file, changed in place
 * @param kernelSbat the text of the kernel's section, empty when there is none
 * @param what the stub's file, for messages
 * @returns the content of such a section when the stub has none: shim refuses an image without
 * @throws {IMAGE_PLAN_INVALID} there is no room for the kernel's lines
 * @see https://github.com/rhboot/shim/blob/main/SBAT.md
 */
export function mergeSbat(stub: Buffer, pe: PeFile, kernelSbat: string, what: string): Buffer | undefined {
  const section = sectionNamed(pe, ".sbat");
  const kernel = linesOf(kernelSbat);
  if (section === undefined) return textOf([...kernel, UKI]);
  const { rawOffset, rawSizeBytes, virtualAddress, contentBytes, headerOffset } = section;
  const nextAddress = Math.min(...pe.sections.map((other) => other.virtualAddress).filter((at) => at > virtualAddress));
  const roomBytes = Math.min(rawSizeBytes, nextAddress - virtualAddress);
  const own = linesOf(stub.toString("utf8", rawOffset, rawOffset + contentBytes));
  const candidates = [[...own, ...kernel, UKI], ...(kernel.length === 0 ? [] : [[...own, ...kernel]])];
  const merged = candidates.map(textOf).find((text) => text.length <= roomBytes);
  if (merged !== undefined) {
    stub.fill(0, rawOffset, rawOffset + rawSizeBytes);
    stub.set(merged, rawOffset);
    stub.writeUInt32LE(merged.length, headerOffset + SECTION_HEADER.virtualSize);
  } else if (kernel.length > 0) {
    throw invalidPe(what, 'its section ".sbat" has no room for the lines of the kernel');
  }
  return undefined;
}

function textOf(lines: readonly string[]): Buffer {
  return Buffer.from(`${[HEADER, ...lines].join("\n")}\n\0`, "utf8");
}

/** The lines after the first, which only says what follows. */
function linesOf(sbat: string): string[] {
  const lines = sbat.replace(/\0+$/, "").split(/\r?\n/);
  return lines[0]?.startsWith("sbat,") === true ? lines.slice(1).filter((line) => line !== "") : [];
}
