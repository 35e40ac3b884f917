import path from "node:path";
import { ComposerError, type ErrorCode, nearestOf } from "../../core/index.ts";
import type { HostFiles } from "../../host/index.ts";
import type { Finding } from "../document/index.ts";
import type { TargetSection } from "./schema/index.ts";

/** The versions that templates may name for each operating system; `undefined` is: any. */
const DISTRIBUTIONS: Readonly<Record<TargetSection["os"], readonly string[] | undefined>> = {
  "azure-linux": ["azl3"],
  "edge-microvisor-toolkit": ["emt3"],
  "wind-river-elxr": ["elxr12", "elxr13"],
  debian: ["debian12", "debian13"],
  ubuntu: ["ubuntu24", "ubuntu26"],
  "redhat-compatible-distro": undefined,
};

const TYPE_IN_FILE_NAME = { raw: "raw", img: "initrd", iso: "iso", wsl2: "wsl2" } as const;

export interface TargetDefaults {
  /** The default template of the target; absent when there is none, for the reason that a finding gives. */
  readonly file?: string;
  readonly finding?: Finding;
}

/**
 * Finds `osv/{os}/{dist}/imageconfigs/defaultconfigs/default-{type}-{arch}.yml` in the configuration directory.
 *
 * A target that templates may name but that has no provider data gives a finding TEMPLATE_UNSUPPORTED.
 * @throws {PROVIDER_UNKNOWN} the configuration directory holds no provider data at all
 */
export async function findTargetDefaults(
  files: HostFiles,
  configDir: string,
  target: TargetSection,
): Promise<TargetDefaults> {
  const { os, dist, arch, imageType } = target;
  const osDirectory = path.join(configDir, "osv", os);
  const available = await files.list(osDirectory);
  if (!available.includes(dist)) {
    const known = DISTRIBUTIONS[os];
    if (known === undefined || known.includes(dist)) {
      if ((await files.list(path.join(configDir, "osv"))).length === 0) throw noProviders(configDir);
      return {
        finding: finding(
          "TEMPLATE_UNSUPPORTED",
          "target.dist",
          `${os}/${dist} cannot be built yet: it has no provider data`,
        ),
      };
    }
    const choices = [...new Set([...available, ...known])].sort();
    const near = nearestOf(dist, choices);
    const hint = near === undefined ? `Choose one of ${choices.join(", ")}` : `Did you mean "${near}"?`;
    return { finding: finding("PROVIDER_UNKNOWN", "target.dist", `${os} has no version "${dist}"`, hint) };
  }
  const directory = path.join(osDirectory, dist, "imageconfigs", "defaultconfigs");
  const name = `default-${TYPE_IN_FILE_NAME[imageType]}-${arch}.yml`;
  const present = await files.list(directory);
  if (present.includes(name)) return { file: path.join(directory, name) };
  const message = `${os}/${dist} has no default template for images of type "${imageType}" on ${arch}`;
  const hint = present.length === 0 ? `Put ${name} into ${directory}` : `It has ${present.join(", ")}`;
  const code = imageType === "raw" && arch !== "armv7hl" ? "PROVIDER_UNKNOWN" : "TEMPLATE_UNSUPPORTED";
  return { finding: finding(code, code === "PROVIDER_UNKNOWN" ? "target" : "target.imageType", message, hint) };
}

function noProviders(configDir: string): ComposerError {
  return new ComposerError("PROVIDER_UNKNOWN", `Cannot find provider data: "${configDir}" has no directory "osv"`, {
    hint: "Set config_dir in the global configuration to the directory config of OS Image Composer",
  });
}

function finding(code: ErrorCode, at: string, message: string, hint?: string): Finding {
  return { code, path: at, message, ...(hint === undefined ? {} : { hint }) };
}
