import path from "node:path";
import { validName } from "../valid-name.ts";
import type { TargetSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Spot } from "../source-node.ts";
import { isBeforeAzureLinux3 } from "./check-packages.ts";
import { outputKindOf } from "./convert-disk.ts";
import type { Conversion } from "./conversion.ts";
import { type ImageConfig, type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import type { RequestedPackages } from "./read-packages.ts";

/** What names of image and architecture are taken from. */
export interface NameSources {
  readonly root: Spot;
  /** The file name of the configuration. */
  readonly fileName: string;
  readonly config: ImageConfig;
  readonly system: Field<SystemConfigModel>;
  readonly packages: RequestedPackages;
  /** Asked for by the user. */
  readonly arch: TargetSection["arch"] | undefined;
}

/** The name of the first file that was made; otherwise that of the configuration. */
export function imageNameOf({ config, root, fileName }: NameSources): Placed<string> {
  const [disk] = itemsOf(config.Disks);
  const name = itemsOf(disk?.value.Artifacts)
    .map(({ value }) => value.Name)
    .find((field) => textOf(field) !== "");
  if (name !== undefined) return placed(validName(name.value), name.spot);
  return placed(validName(path.basename(fileName, path.extname(fileName))), root);
}

export function convertTarget(source: NameSources, { compose, notes }: Conversion): Placed<TargetSection> {
  const { root, config, system, packages } = source;
  const old = packages.entries.find(({ value }) => /^(mariner|cbl-mariner)-/.test(value));
  if (old !== undefined || isBeforeAzureLinux3(system.value)) {
    const hint = "Look for packages that have other names now";
    notes.add(
      "assumed",
      { ...root, path: [] },
      "azl3: the file was written for CBL-Mariner, which is not offered",
      hint,
    );
  }
  const imageType = imageTypeOf(source);
  if (imageType === "wsl2") {
    const at = config.Disks?.spot ?? root;
    notes.add("changed", at, "becomes an image for WSL, the one type that is an archive of a root file system");
  }
  return compose.mapping(root, {
    os: placed<TargetSection["os"]>("azure-linux", root),
    dist: placed("azl3", root),
    arch: placed(architectureOf(source, notes.add.bind(notes)), root),
    imageType: placed(imageType, config.Disks?.spot ?? root),
  });
}

function architectureOf(
  { arch, fileName, config, system, root }: NameSources,
  note: (kind: "assumed", spot: Spot, message: string, hint: string) => void,
): TargetSection["arch"] {
  if (arch !== undefined) return arch;
  const names = [
    path.basename(fileName),
    ...itemsOf(system.value.PackageLists).map(({ value }) => path.basename(value)),
    ...itemsOf(config.Disks).flatMap(({ value }) =>
      itemsOf(value.Artifacts).map((artifact) => textOf(artifact.value.Name)),
    ),
  ];
  const hint = names.find((name) => /aarch64|arm64/i.test(name));
  const found = hint === undefined ? "x86_64" : "aarch64";
  const reason = hint === undefined ? "nothing names another architecture" : `the name ${JSON.stringify(hint)} says so`;
  note(
    "assumed",
    { ...root, path: [] },
    `${found}: ${reason}`,
    `--arch ${found === "x86_64" ? "aarch64" : "x86_64"} asks for the other one`,
  );
  return found;
}

/** Without a disk, or with one that an installer writes to, the configuration is an installer's. */
function imageTypeOf({ config, system }: NameSources): TargetSection["imageType"] {
  const [disk] = itemsOf(config.Disks);
  if (disk === undefined || textOf(disk.value.TargetDisk?.value.Type) === "path") return "iso";
  return ({ disk: "raw", archive: "wsl2", initrd: "img" } as const)[outputKindOf(disk, system.value)];
}
