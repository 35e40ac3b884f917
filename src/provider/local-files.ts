import type { ImageTemplate, MergedTemplate, SystemConfigSection } from "../config/index.ts";
import type { Json } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { localDigest } from "../image/index.ts";

type Files = readonly NonNullable<SystemConfigSection["additionalFiles"]>[number][];
type Scripts = readonly NonNullable<SystemConfigSection["postInstallScripts"]>[number][];

/** The template with the absolute paths of the files that it names: each starts at the template that names it. */
export function withLocalFiles(merged: MergedTemplate): ImageTemplate {
  const { systemConfig } = merged.template;
  if (systemConfig === undefined) return merged.template;
  const { additionalFiles, preInstallScripts, postInstallScripts } = systemConfig;
  const absolute = (path: string): string => merged.localFile(`systemConfig.${path}`);
  const files = additionalFiles?.map((file, index) =>
    file.local === undefined ? file : { ...file, local: absolute(`additionalFiles[${index}].local`) },
  );
  const scripts = (field: "preInstallScripts" | "postInstallScripts", list: Scripts = []) =>
    list.map((script, index) =>
      script.file === undefined ? script : { ...script, file: absolute(`${field}[${index}].file`) },
    );
  return {
    ...merged.template,
    systemConfig: {
      ...systemConfig,
      ...(files === undefined ? {} : { additionalFiles: files }),
      preInstallScripts: scripts("preInstallScripts", preInstallScripts),
      postInstallScripts: scripts("postInstallScripts", postInstallScripts),
    },
  };
}

/**
 * What makes the files of {@link withLocalFiles} different in an image, but not where they are on this host.
 *
 * @throws {TEMPLATE_INVALID} one is missing
 */
export async function digestsOfFiles(host: Pick<Host, "files">, files: Files): Promise<Json> {
  const digests: Json[] = [];
  for (const [index, { local, ...rest }] of files.entries()) {
    const content =
      local === undefined ? null : await localDigest(host, local, `systemConfig.additionalFiles[${index}].local`);
    digests.push([rest, content]);
  }
  return digests;
}

/** Likewise for scripts. */
export async function digestsOfScripts(host: Pick<Host, "files">, scripts: Scripts): Promise<Json> {
  const digests: Json[] = [];
  for (const { file, ...rest } of scripts) {
    digests.push([rest, file === undefined ? null : await host.files.sha256(file)]);
  }
  return digests;
}
