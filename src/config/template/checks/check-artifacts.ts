import type { Finding } from "../../document/index.ts";
import type { ArtifactSection, ImageTemplate } from "../schema/index.ts";

/** Formats and compressions fit the kind of image, and each file is asked for once. */
export function checkArtifacts({ target, disk, systemConfig }: ImageTemplate): Finding[] {
  const artifacts = disk?.artifacts ?? [];
  const isWsl = target.imageType === "wsl2";
  return [
    ...artifacts.flatMap((artifact, index) => [
      ...(isWsl ? checkForWsl(artifact, index) : checkForDisk(artifact, index)),
      ...checkUnique(artifacts, index),
    ]),
    ...(isWsl && (disk?.partitions ?? []).length > 0
      ? [{ path: "disk.partitions", message: "an image for WSL has no partitions", hint: "Remove the list" }]
      : []),
    ...(isWsl && systemConfig?.kernel !== undefined
      ? [
          {
            path: "systemConfig.kernel",
            message: "an image for WSL has no kernel of its own",
            hint: "Remove the section",
          },
        ]
      : []),
  ];
}

function checkForWsl({ type, compression }: ArtifactSection, index: number): Finding[] {
  const path = ["disk", "artifacts", index];
  const hint = "WSL imports a tar with compression gz";
  if (type !== "tar") return [{ path: [...path, "type"], message: `"${type}" is no format for WSL`, hint }];
  if (fileEnding(compression) === "gz") return [];
  const message = compression === undefined ? "lacks a compression" : `WSL does not read "${compression}"`;
  return [{ path: [...path, "compression"], message, hint }];
}

function checkForDisk({ type }: ArtifactSection, index: number): Finding[] {
  if (type !== "tar") return [];
  const hint = 'Use "raw" or another disk format';
  return [{ path: ["disk", "artifacts", index, "type"], message: '"tar" is only for imageType wsl2', hint }];
}

function checkUnique(artifacts: readonly ArtifactSection[], index: number): Finding[] {
  const key = ({ type, compression }: ArtifactSection): string => `${type} ${fileEnding(compression) ?? ""}`;
  const artifact = artifacts[index];
  if (artifact === undefined) return [];
  const first = artifacts.findIndex((other) => key(other) === key(artifact));
  if (first === index) return [];
  return [{ path: ["disk", "artifacts", index], message: `makes the same file as disk.artifacts[${first}]` }];
}

/** "gzip" and "gz" are one compression with two names. */
function fileEnding(compression: ArtifactSection["compression"]): string | undefined {
  return compression === "gzip" ? "gz" : compression;
}
