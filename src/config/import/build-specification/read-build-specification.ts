import path from "node:path";
import { nearestOf } from "../../../core/index.ts";
import type { Issue } from "../../document/index.ts";
import type { ArtifactSection, ImageTemplate, TargetSection } from "../../template/schema/index.ts";
import { type Placed, createComposition, placed } from "../compose.ts";
import { type Field, reportIssue } from "../decode.ts";
import type { ForeignSource, ImportOutcome } from "../import-source.ts";
import type { Spot } from "../source-node.ts";
import { validName } from "../valid-name.ts";
import type { SpecificationConversion } from "./conversion.ts";
import { convertBuild } from "./convert-build.ts";
import { convertCustomizations } from "./convert-customizations.ts";
import { BuildSpecification, type ImageModel } from "./model.ts";
import { BASE_NAMES, targetOfBase } from "./target-of-base.ts";

/** Converts the build specification that came before templates. */
export function readBuildSpecification(source: ForeignSource): ImportOutcome {
  const { node, notes, positions } = source;
  const root: Spot = { path: [], node };
  const issues: Issue[] = [];
  const specification = BuildSpecification(root, { issues, notes, foldsCase: false });
  if (specification === undefined) return { issues };
  const conversion = { ...source, issues, compose: createComposition(positions) };
  const { compose } = conversion;
  const image = specification.image?.value ?? {};
  const imageSpot = specification.image?.spot ?? { ...root, path: ["image"] };
  const template: Placed<ImageTemplate> = compose.mapping(root, {
    metadata: compose.mappingOfAny(imageSpot, {
      description: image.description && placed(image.description.value, image.description.spot),
    }),
    image: compose.mapping(imageSpot, {
      name: nameOf(image, imageSpot, conversion),
      version: versionOf(image, imageSpot, conversion),
    }),
    target: targetOf(image, imageSpot, conversion),
    build: specification.build && convertBuild(specification.build, conversion),
    disk: diskOf(image, conversion),
    systemConfig: specification.customizations && convertCustomizations(specification.customizations, conversion),
  });
  return issues.length > 0 ? { issues } : { issues, template: template.value };
}

function nameOf({ name }: ImageModel, spot: Spot, { file, notes }: SpecificationConversion): Placed<string> {
  if (name === undefined) {
    const chosen = validName(path.basename(file, path.extname(file)));
    notes.add("assumed", { ...spot, path: ["image", "name"] }, `${chosen}: the name of the file`);
    return placed(chosen, spot);
  }
  const valid = validName(name.value);
  if (valid !== name.value) notes.add("changed", name.spot, `becomes ${valid}: file names are made of it`);
  return placed(valid, name.spot);
}

function versionOf({ version }: ImageModel, spot: Spot, { notes }: SpecificationConversion): Placed<string> {
  if (version !== undefined) return placed(version.value, version.spot);
  notes.add("assumed", { ...spot, path: ["image", "version"] }, "1.0.0: the specification names no version");
  return placed("1.0.0", spot);
}

function targetOf(image: ImageModel, spot: Spot, conversion: SpecificationConversion): Placed<TargetSection> {
  const { compose, notes, issues, options } = conversion;
  const { os, version, type, arch } = image.base?.value ?? {};
  const baseSpot = image.base?.spot ?? { ...spot, path: ["image", "base"] };
  const at = version?.spot ?? baseSpot;
  const found = os === undefined ? undefined : targetOfBase(os.value, version?.value ?? "");
  if (os === undefined) reportMissing(issues, baseSpot, "os");
  else if (found === undefined) {
    const near = nearestOf(os.value.toLowerCase(), BASE_NAMES);
    reportIssue(issues, os.spot, `unknown operating system ${JSON.stringify(os.value)}`, {
      ...(near === undefined ? { expected: `one of ${BASE_NAMES.join(", ")}` } : { didYouMean: near }),
    });
  }
  if (version === undefined) reportMissing(issues, baseSpot, "version");
  else if (found !== undefined && found.dist === undefined) {
    reportIssue(issues, version.spot, `${JSON.stringify(version.value)} is no version of ${os?.value ?? ""}`);
  } else if (found?.isSame === false) {
    notes.add(
      "changed",
      version.spot,
      `becomes ${found.dist ?? ""}, the nearest version that is offered`,
      "Check the names of packages",
    );
  }
  if (type !== undefined) {
    notes.add(
      "dropped",
      type.spot,
      "every image starts from the default packages of its target",
      "Name further packages under packages",
    );
  }
  return compose.mapping(baseSpot, {
    os: placed<TargetSection["os"]>(found?.os ?? "debian", os?.spot ?? baseSpot),
    dist: placed(found?.dist ?? "", at),
    arch: architectureOf(arch, baseSpot, { notes, issues, options }),
    imageType: placed<TargetSection["imageType"]>(
      formatOf(image)?.value === "iso" ? "iso" : "raw",
      formatOf(image)?.spot ?? baseSpot,
    ),
  });
}

const ARCHITECTURES: Readonly<Record<string, TargetSection["arch"]>> = {
  x86_64: "x86_64",
  amd64: "x86_64",
  aarch64: "aarch64",
  arm64: "aarch64",
};

function architectureOf(
  arch: Field<string> | undefined,
  spot: Spot,
  { notes, issues, options }: Pick<SpecificationConversion, "notes" | "issues" | "options">,
): Placed<TargetSection["arch"]> {
  if (options.arch !== undefined) return placed(options.arch, spot);
  if (arch === undefined) {
    notes.add(
      "assumed",
      { ...spot, path: ["image", "base", "arch"] },
      "x86_64: nothing names an architecture",
      "--arch aarch64 asks for the other one",
    );
    return placed<TargetSection["arch"]>("x86_64", spot);
  }
  const found = Object.hasOwn(ARCHITECTURES, arch.value) ? ARCHITECTURES[arch.value] : undefined;
  if (found === undefined) reportIssue(issues, arch.spot, "unknown architecture", { expected: "x86_64 or aarch64" });
  return placed(found ?? "x86_64", arch.spot);
}

function formatOf({ output, format }: ImageModel): Field<string> | undefined {
  return output?.value.format ?? format;
}

const ARTIFACT_TYPES: readonly ArtifactSection["type"][] = ["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "tar"];
const COMPRESSIONS: readonly NonNullable<ArtifactSection["compression"]>[] = ["zstd", "gz", "gzip", "xz", "bz2"];

function diskOf(image: ImageModel, { compose, issues }: SpecificationConversion) {
  const format = formatOf(image);
  const compression = image.output?.value.compression ?? image.compression;
  const spot = format?.spot ?? compression?.spot;
  if (spot === undefined || format?.value === "iso") return undefined;
  const type = ARTIFACT_TYPES.find((known) => known === (format?.value ?? "raw"));
  const packed = COMPRESSIONS.find((known) => known === compression?.value);
  if (type === undefined && format !== undefined) {
    reportIssue(issues, format.spot, "unknown format", { expected: `one of ${ARTIFACT_TYPES.join(", ")}, iso` });
  }
  const isPacked = compression !== undefined && !["", "none"].includes(compression.value);
  if (isPacked && packed === undefined) {
    reportIssue(issues, compression.spot, "unknown compression", { expected: "one of zstd, gz, gzip, xz" });
  }
  const artifact: Placed<ArtifactSection> = compose.mapping(spot, {
    type: placed<ArtifactSection["type"]>(type ?? "raw", spot),
    compression: packed && compression && placed(packed, compression.spot),
  });
  return compose.mapping(spot, { artifacts: compose.list(spot, [artifact]) });
}

function reportMissing(issues: Issue[], enclosing: Spot, key: string): void {
  reportIssue(issues, { ...enclosing, path: [...enclosing.path, key] }, `missing key "${key}"`);
}
