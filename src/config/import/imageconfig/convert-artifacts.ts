import type { ArtifactSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import type { Field } from "../decode.ts";
import type { Conversion } from "./conversion.ts";
import { type ArtifactModel, textOf } from "./model.ts";

type ArtifactType = ArtifactSection["type"];
type Compression = NonNullable<ArtifactSection["compression"]>;

const DISK_TYPES: Readonly<Record<string, ArtifactType>> = {
  "": "raw",
  raw: "raw",
  qcow2: "qcow2",
  vhd: "vhd",
  vhdx: "vhdx",
  ova: "vmdk",
  gz: "raw",
  xz: "raw",
  "tar.gz": "raw",
  "tar.xz": "raw",
};
const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: "gz", xz: "xz", "tar.gz": "gz", "tar.xz": "xz" };

/** A disk; a root file system as an archive, which only images for WSL are; or one as an initrd. */
export type OutputKind = "disk" | "archive" | "initrd";

/** The files that are made of the disk, or of the root file system of a configuration without partitions. */
export function convertArtifacts(
  artifacts: readonly Field<ArtifactModel>[],
  output: OutputKind,
  conversion: Conversion,
): Placed<ArtifactSection[]> | undefined {
  const { compose, notes } = conversion;
  const seen = new Set<string>();
  const name = textOf(artifacts[0]?.value.Name);
  const items = artifacts.flatMap((artifact): Placed<ArtifactSection>[] => {
    const { Name } = artifact.value;
    if (Name !== undefined && Name.value !== name) {
      notes.add("dropped", Name.spot, "every file of an image has the name of the image");
    }
    const item = output === "disk" ? convertDisk(artifact, conversion) : convertRootfs(artifact, output, conversion);
    const key = item === undefined ? "" : `${item.value.type}.${item.value.compression ?? ""}`;
    if (item === undefined || seen.has(key)) return [];
    seen.add(key);
    return [item];
  });
  return compose.listOfAny(undefined, items);
}

function convertDisk(
  artifact: Field<ArtifactModel>,
  { compose, notes }: Conversion,
): Placed<ArtifactSection> | undefined {
  const { Type, Compression } = artifact.value;
  const [type, compression] = [textOf(Type), textOf(Compression)];
  if (type === "" && compression === "") {
    notes.add("dropped", artifact.spot, "it has neither a Type nor a Compression");
    return undefined;
  }
  const converted = Object.hasOwn(DISK_TYPES, type) ? DISK_TYPES[type] : undefined;
  if (converted === undefined) {
    notes.add(
      "dropped",
      Type?.spot ?? artifact.spot,
      "a disk cannot be written like that",
      "Convert the raw image afterwards",
    );
    return undefined;
  }
  if (type === "ova" && Type !== undefined) {
    notes.add("changed", Type.spot, "becomes vmdk: the disk of an OVA, without its description of a machine");
  }
  const packing = compression === "" ? Type : Compression;
  const packed = Object.hasOwn(COMPRESSIONS, textOf(packing)) ? COMPRESSIONS[textOf(packing)] : undefined;
  if (packing !== undefined && packed !== undefined && packing.value.startsWith("tar.")) {
    notes.add("changed", packing.spot, `becomes ${packed}: the file is compressed without a tar around it`);
  }
  if (Compression !== undefined && compression !== "" && packed === undefined) {
    notes.add("dropped", Compression.spot, "is no compression", "Make it an artifact of its own");
  }
  return compose.mapping(artifact.spot, {
    type: placed(converted, Type?.spot ?? artifact.spot),
    compression: packing === undefined || packed === undefined ? undefined : placed(packed, packing.spot),
  });
}

/** A tar archive; an initrd is no artifact but a type of image. */
function convertRootfs(
  artifact: Field<ArtifactModel>,
  output: OutputKind,
  { compose, notes }: Conversion,
): Placed<ArtifactSection> | undefined {
  const { Type, Compression } = artifact.value;
  if (textOf(Type) === "initrd") {
    if (Compression !== undefined && Compression.value !== "") {
      notes.add("dropped", Compression.spot, "an initrd is compressed in its own way, once");
    }
    return undefined;
  }
  const packing = textOf(Type) === "" ? Compression : Type;
  const at = packing?.spot ?? artifact.spot;
  if (output === "initrd" || packing === undefined || !packing.value.startsWith("tar.")) {
    const made = output === "initrd" ? "an initrd" : "a tar archive";
    notes.add("dropped", at, `only ${made} is made of this root file system`);
    return undefined;
  }
  if (packing.value !== "tar.gz") notes.add("changed", at, "becomes gz, which WSL reads");
  return compose.mapping(artifact.spot, {
    type: placed<ArtifactType>("tar", at),
    compression: placed<Compression>("gz", at),
  });
}
