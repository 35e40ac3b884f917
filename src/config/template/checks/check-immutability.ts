import type { Finding } from "../../document/index.ts";
import type { ImageTemplate, PartitionSection } from "../schema/index.ts";

const PATH = ["systemConfig", "immutability"];
const KEYS = ["secureBootDBKey", "secureBootDBCrt", "secureBootDBCer"] as const;

/** A read-only root has a place for its hashes, and the files of secure boot come together. */
export function checkImmutability({ disk, systemConfig }: ImageTemplate): Finding[] {
  const section = systemConfig?.immutability;
  if (section === undefined) return [];
  return [
    ...(section.enabled && disk?.partitions !== undefined && !disk.partitions.some(holdsHashes)
      ? [
          {
            path: [...PATH, "enabled"],
            message: "no partition holds the hashes of the read-only root",
            hint: "Add a partition with id roothashmap, type linux and mountPoint none, or set enabled to false",
          },
        ]
      : []),
    ...checkKeys(section),
  ];
}

function holdsHashes({ id, type, mountPoint }: PartitionSection): boolean {
  return id === "roothashmap" || id === "hash" || (type === "linux" && mountPoint === "none");
}

function checkKeys(section: NonNullable<NonNullable<ImageTemplate["systemConfig"]>["immutability"]>): Finding[] {
  const given = KEYS.filter((key) => (section[key] ?? "") !== "");
  const [first] = given;
  if (first === undefined) return [];
  const missing = KEYS.filter((key) => !given.includes(key));
  if (missing.length > 0) {
    const hint = `Add ${missing.join(" and ")}`;
    return [{ path: [...PATH, first], message: "secure boot needs all three of its files", hint }];
  }
  if (section.enabled) return [];
  const hint = "Set enabled to true, or remove the three files";
  return [{ path: [...PATH, first], message: "has no effect while enabled is false", hint }];
}
