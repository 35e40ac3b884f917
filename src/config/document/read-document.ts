import { ComposerError, type ErrorCode } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";
import { MAX_DOCUMENT_BYTES, type SourceDocument, parseSource } from "./parse-document.ts";
import type { Positions } from "./positions.ts";

/**
 * Reads a file as UTF-8 and parses it.
 *
 * @param code of the issues in the text
 * @throws as {@link readText}
 */
export async function readDocument(
  files: HostFiles,
  file: string,
  shownFile: string,
  code: ErrorCode,
  positions: Positions,
): Promise<SourceDocument> {
  return parseSource(await readText(files, file, shownFile, code), shownFile, code, positions);
}

/**
 * The text of a file; stops reading when it is too large to be written by people.
 *
 * @param shownFile what messages call it
 * @throws {HOST_FILE_UNREADABLE}
 * @throws {ComposerError} with `code`: it is too large, or not UTF-8
 */
export async function readText(
  files: Pick<HostFiles, "readStream">,
  file: string,
  shownFile: string,
  code: ErrorCode,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of files.readStream(file)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      throw new ComposerError(code, `Cannot read "${shownFile}": it is larger than 1 MiB`);
    }
  }
  const bytes = Buffer.concat(chunks);
  const text = decode(bytes);
  if (text !== undefined) return text;
  throw new ComposerError(code, `Cannot read "${shownFile}": it is not UTF-8 text`, hintFor(bytes));
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Editors of Windows begin UTF-16 with a mark. */
function hintFor(bytes: Uint8Array): { hint?: string } {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString("hex");
  return mark === "fffe" || mark === "feff" ? { hint: "It is UTF-16: save it as UTF-8" } : {};
}
