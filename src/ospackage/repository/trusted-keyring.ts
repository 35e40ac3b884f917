import type { Host } from "../../host/index.ts";

import { readTrustedKeys, type TrustedKeyFile } from "../openpgp/index.ts";

/**
 * The public keys that may vouch for a repository, and no others, in the binary form that gpgv reads.
 *
 * @throws as {@link readTrustedKeys}
 */
export async function trustedKeyring(
  host: Pick<Host, "files">,
  keyFiles: readonly TrustedKeyFile[],
): Promise<Uint8Array> {
  const keys = await readTrustedKeys(host, keyFiles);
  return Buffer.concat(keys.map((key) => key.write()));
}
