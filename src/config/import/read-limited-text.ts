import { ComposerError } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";
import { MAX_DOCUMENT_BYTES } from "../document/index.ts";

/**
 * The text of a file, which must be UTF-8 and of the size that people write.
 *
 * @throws {HOST_FILE_UNREADABLE} it cannot be read
 * @throws {TEMPLATE_SYNTAX} it is too large, or no text
 */
export async function readLimitedText(files: Pick<HostFiles, "readStream">, file: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of files.readStream(file)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      throw new ComposerError("TEMPLATE_SYNTAX", `Cannot read "${file}": it is larger than 1 MiB`);
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new ComposerError("TEMPLATE_SYNTAX", `Cannot read "${file}": it is not UTF-8 text`, { cause: error });
  }
}
