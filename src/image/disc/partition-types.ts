import type { PartitionSection } from "../../config/index.ts";
import type { Architecture } from "../../core/index.ts";

/**
 * The partition types that templates may name, with their GUIDs.
 *
 * @see UEFI specification, table 5.7
 * @see https://uapi-group.org/specifications/specs/discoverable_partitions_specification/
 */
const PARTITION_TYPES: Readonly<Record<string, string>> = {
  linux: "0fc63daf-8483-4772-8e79-3d69d8477de4",
  bios: "21686148-6449-6e6f-744e-656564454649",
  esp: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  xbootldr: "bc13c2ff-59e6-4262-a352-b275fd6f7172",
  "linux-root-amd64": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
  "linux-root-arm64": "b921b045-1df0-41c3-af44-4c6f280d3fae",
  "linux-root-amd64-verity": "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5",
  "linux-root-arm64-verity": "df3300ce-d69f-4c92-978c-9bfb0f38d820",
  "linux-usr-amd64": "8484680c-9521-48c6-9c11-b0720656f69e",
  "linux-usr-arm64": "b0e01050-ee5f-4390-949a-9101b17104e9",
  "linux-swap": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
  "linux-home": "933ac7e1-2eb4-4f13-b844-0e14e2aef915",
  "linux-srv": "3b8f8425-20e0-4f3b-907f-1a25a76f98e8",
  "linux-var": "4d21b016-b534-45c2-a9fb-5c16e091fd2d",
  "linux-tmp": "7ec6f557-3bc5-4aca-b293-16ef5df639d1",
  "linux-lvm": "e6d6d379-f507-44c2-a23c-238f2a3df928",
  "linux-raid": "a19d880f-05fc-4d3b-a006-743f0f84911e",
  "linux-luks": "ca7d7ccb-63ed-4c53-861c-1742536059cc",
  "linux-dm-crypt": "7ffec5c9-2d00-49b7-8941-3ea10a5586b7",
};

export const PARTITION_TYPE_NAMES: readonly string[] = Object.keys(PARTITION_TYPES);

/** @returns the lower-case GUID, or undefined for a name that no template may use */
export function partitionTypeGuid(name: string): string | undefined {
  return Object.hasOwn(PARTITION_TYPES, name) ? PARTITION_TYPES[name] : undefined;
}

/** The GUID of the EFI system partition. */
export const ESP_GUID = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

/**
 * The type GUID of a partition: its `typeUUID`, else its `type`, else what its flags tell, else Linux (the root of its architecture at `/`).
 *
 * @returns undefined for an unknown `type`
 */
export function partitionTypeOf(partition: PartitionSection, architecture: Architecture): string | undefined {
  if (partition.typeUUID !== undefined) return partition.typeUUID.toLowerCase();
  if (partition.type !== undefined) return partitionTypeGuid(partition.type);
  if (partition.flags?.includes("esp") === true) return ESP_GUID;
  if (partition.flags?.includes("bios_grub") === true) return partitionTypeGuid("bios");
  return partitionTypeGuid(partition.mountPoint === "/" ? `linux-root-${architecture.deb}` : "linux");
}
