import type { Host } from "../../host/index.ts";
import { readTrustedKeys, type TrustedKeyFile } from "../openpgp/index.ts";

/**
 * The public keys that are trusted for a repository, and no others.
 *
 * @param form what reads them: gpgv wants a binary keyring, rpmkeys armored blocks
 * @throws as `readTrustedKeys`
 */
export async function trustedKeyring(
  host: Pick<Host, "files">,
  keyFiles: readonly TrustedKeyFile[],
  form: "binary" | "armored",
): Promise<Uint8Array> {
  const keys = await readTrustedKeys(host, keyFiles);
  if (form === "armored") return Buffer.from(keys.map((key) => key.armor()).join(""));
  return Buffer.concat(keys.map((key) => key.write()));
}
