import path from "node:path";
import { ComposerError, nearestOf } from "../../core/index.ts";
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
  /** The default template of the target; absent when there is none. */
  readonly file?: string;
  /** Why there is none, and what else is missing. */
  readonly findings: readonly Finding[];
}

/**
 * Finds `osv/{os}/{dist}/imageconfigs/defaultconfigs/default-{type}-{arch}.yml` in the configuration directory.
 *
 * A target that templates may name but that has no provider data (`config.yml`) gives a finding TEMPLATE_UNSUPPORTED.
 * @throws {PROVIDER_UNKNOWN} the configuration directory holds no provider data at all
 */
export async function findTargetDefaults(
  files: HostFiles,
  configDir: string,
  target: TargetSection,
): Promise<TargetDefaults> {
  const { os, dist, arch, imageType } = target;
  if ((await files.list(path.join(configDir, "osv"))).length === 0) throw noProviders(configDir);
  const available = await files.list(path.join(configDir, "osv", os));
  const known = DISTRIBUTIONS[os];
  if (!available.includes(dist) && known !== undefined && !known.includes(dist)) {
    return { findings: [unknownDistribution(os, dist, known)] };
  }
  const directory = path.join(configDir, "osv", os, dist);
  const canBeBuilt = await files.exists(path.join(directory, "config.yml"));
  const findings = canBeBuilt ? [] : [withoutProvider(target)];
  const defaults = path.join(directory, "imageconfigs", "defaultconfigs");
  const name = `default-${TYPE_IN_FILE_NAME[imageType]}-${arch}.yml`;
  const present = await files.list(defaults);
  if (present.includes(name)) return { file: path.join(defaults, name), findings };
  if (!canBeBuilt) return { findings };
  const hint = present.length === 0 ? `Put ${name} into ${defaults}` : `It has ${present.join(", ")}`;
  return { findings: [withoutDefaults(target, hint)] };
}

function unknownDistribution(os: string, dist: string, choices: readonly string[]): Finding {
  const near = nearestOf(dist, choices);
  const hint = near === undefined ? `Choose one of ${choices.join(", ")}` : `Did you mean "${near}"?`;
  return { code: "PROVIDER_UNKNOWN", path: "target.dist", message: `${os} has no version "${dist}"`, hint };
}

function withoutProvider({ os, dist }: TargetSection): Finding {
  const message = `${os}/${dist} cannot be built yet: it has no provider data`;
  return { code: "TEMPLATE_UNSUPPORTED", path: "target.dist", message };
}

function withoutDefaults({ os, dist, arch, imageType }: TargetSection, hint: string): Finding {
  const message = `${os}/${dist} has no default template for images of type "${imageType}" on ${arch}`;
  const isBuildable = imageType !== "wsl2" && arch !== "armv7hl";
  return isBuildable
    ? { code: "PROVIDER_UNKNOWN", path: "target", message, hint }
    : { code: "TEMPLATE_UNSUPPORTED", path: "target.imageType", message, hint };
}

function noProviders(configDir: string): ComposerError {
  return new ComposerError("PROVIDER_UNKNOWN", `Cannot find provider data: "${configDir}" has no directory "osv"`, {
    hint: "Set config_dir in the global configuration to the directory config of OS Image Composer",
  });
}
