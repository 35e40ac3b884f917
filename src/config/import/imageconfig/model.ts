import {
  type Decoded,
  type Decoder,
  type Field,
  flag,
  listOf,
  mapOf,
  shape,
  signedNumber,
  text,
  wholeNumber,
  reportIssue,
  wrongKind,
} from "../decode.ts";

/**
 * The imageconfig JSON of the Azure Linux toolkit, branches 1.0 to 3.0, as its own tools decode it.
 *
 * Sizes and places on the disk are MiB; UID and GID are texts there.
 */

const Artifact = shape({ Name: text, Type: text, Compression: text });

const Partition = shape({
  ID: text,
  Name: text,
  Start: wholeNumber,
  End: wholeNumber,
  FsType: text,
  Type: text,
  TypeUUID: text,
  Flags: listOf(text),
  Artifacts: listOf(Artifact),
});

const Disk = shape({
  PartitionTableType: text,
  MaxSize: wholeNumber,
  TargetDisk: shape({ Type: text, Value: text }),
  Artifacts: listOf(Artifact),
  Partitions: listOf(Partition),
  RawBinaries: listOf(shape({ BinPath: text, BlockSize: wholeNumber, Seek: wholeNumber })),
});

const PartitionSetting = shape({
  ID: text,
  MountPoint: text,
  MountOptions: text,
  MountIdentifier: text,
  RemoveDocs: flag,
  OverlayBaseImage: text,
  RdiffBaseImage: text,
});

const KernelCommandLine = shape({
  ImaPolicy: listOf(text),
  SELinux: text,
  SELinuxPolicy: text,
  CGroup: text,
  EnableFIPS: flag,
  ExtraCommandLine: text,
});

const FileTarget = shape({ Path: text, Permissions: text });

/** Where a file goes: a path, a path with permissions, or a list of both. */
const FileTargets: Decoder<Field<Decoded<typeof FileTarget>>[]> = (spot, context) => {
  const { node } = spot;
  if (node.kind === "list") {
    if (node.items.length === 0) {
      reportIssue(context.issues, spot, "has no target", { expected: "at least one path" });
      return undefined;
    }
    return node.items.flatMap((item, index) => {
      const at = { path: [...spot.path, index], node: item };
      const target = item.kind === "list" ? wrongKind(at, context, FILE_TARGET) : fileTarget(at, context);
      return target === undefined ? [] : [{ value: target, spot: at }];
    });
  }
  const target = fileTarget(spot, context);
  return target === undefined ? undefined : [{ value: target, spot }];
};

const FILE_TARGET = "a path, or a mapping with Path and Permissions";

const fileTarget: Decoder<Decoded<typeof FileTarget>> = (spot, context) => {
  if (spot.node.kind === "mapping") return FileTarget(spot, context);
  if (spot.node.kind !== "text") return wrongKind(spot, context, FILE_TARGET);
  const value = text(spot, context);
  return value === undefined ? undefined : { Path: { value, spot } };
};

const Script = shape({ Path: text, Args: text });

const Network = shape({
  BootProto: text,
  Ip: text,
  NetMask: text,
  GateWay: text,
  NameServer: listOf(text),
  // The name that the toolkit's documentation gives; its code only knows the other one.
  NameServers: listOf(text),
  Device: text,
  OnBoot: flag,
});

const PackageRepo = shape({
  Name: text,
  BaseUrl: text,
  Install: flag,
  GPGCheck: flag,
  RepoGPGCheck: flag,
  GPGKeys: text,
});

const User = shape({
  Name: text,
  UID: text,
  Password: text,
  PasswordHashed: flag,
  PasswordExpiresDays: signedNumber,
  SSHPubKeyPaths: listOf(text),
  SSHPubKeys: listOf(text),
  PrimaryGroup: text,
  SecondaryGroups: listOf(text),
  StartupCommand: text,
  HomeDirectory: text,
});

const anything: Decoder<true> = () => true;

const SystemConfig = shape({
  Name: text,
  IsDefault: flag,
  IsKickStartBoot: flag,
  IsIsoInstall: flag,
  BootType: text,
  EnableGrubMkconfig: flag,
  EnableSystemdFirstboot: flag,
  Hostname: text,
  PackageLists: listOf(text),
  Packages: listOf(text),
  KernelOptions: mapOf(text),
  KernelCommandLine,
  AdditionalFiles: mapOf(FileTargets),
  PartitionSettings: listOf(PartitionSetting),
  PreInstallScripts: listOf(Script),
  PostInstallScripts: listOf(Script),
  FinalizeImageScripts: listOf(Script),
  Networks: listOf(Network),
  PackageRepos: listOf(PackageRepo),
  Groups: listOf(shape({ Name: text, GID: text })),
  Users: listOf(User),
  Encryption: shape({ Enable: flag, Password: text }),
  RemoveRpmDb: flag,
  PreserveTdnfCache: flag,
  EnableHidepid: flag,
  HidepidDisabled: flag,
  DisableRpmDocs: flag,
  OverrideRpmLocales: text,
  ReadOnlyVerityRoot: anything,
});

export const ImageConfig = shape({ Disks: listOf(Disk), SystemConfigs: listOf(SystemConfig) });

export type ImageConfig = Decoded<typeof ImageConfig>;
export type DiskModel = Decoded<typeof Disk>;
export type PartitionModel = Decoded<typeof Partition>;
export type PartitionSettingModel = Decoded<typeof PartitionSetting>;
export type SystemConfigModel = Decoded<typeof SystemConfig>;
export type ArtifactModel = Decoded<typeof Artifact>;
export type NetworkModel = Decoded<typeof Network>;
export type UserModel = Decoded<typeof User>;
export type PackageRepoModel = Decoded<typeof PackageRepo>;
export type ScriptModel = Decoded<typeof Script>;

/** The values of a list that may be absent. */
export function itemsOf<T>(list: Field<Field<T>[]> | undefined): readonly Field<T>[] {
  return list?.value ?? [];
}

/** The value of a text that may be absent: Go's zero value is the empty text. */
export function textOf(field: Field<string> | undefined): string {
  return field?.value ?? "";
}
