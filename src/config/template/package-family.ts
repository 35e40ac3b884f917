import type { TargetSection } from "./schema/index.ts";

const FAMILIES: Readonly<Record<TargetSection["os"], "deb" | "rpm">> = {
  debian: "deb",
  ubuntu: "deb",
  "wind-river-elxr": "deb",
  "azure-linux": "rpm",
  "edge-microvisor-toolkit": "rpm",
  "redhat-compatible-distro": "rpm",
};

/** The package format of a target. */
export function packageFamilyOf({ os }: Pick<TargetSection, "os">): "deb" | "rpm" {
  return FAMILIES[os];
}
