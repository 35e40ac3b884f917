import Type, { type Static } from "typebox";
import { SIZE_PATTERN } from "../../core/index.ts";

/**
 * The image template: one TypeScript source for its types and for the JSON Schema that editors and `validate` use.
 *
 * Field names are those of existing templates, so that they work unchanged.
 */

const closed = { additionalProperties: false } as const;
const matching = (pattern: string, patternErrorMessage: string) => ({ pattern, patternErrorMessage });
const sizePattern = matching(SIZE_PATTERN, "a size such as 513MiB, 4GiB or 500MB");
const absolutePath = matching("^/", "an absolute path");
const text = (description: string, options: Record<string, unknown> = {}) => Type.String({ description, ...options });
const flag = (description: string) => Type.Boolean({ description });
const list = <T extends Type.TSchema>(items: T, description: string) => Type.Array(items, { description });
const choice = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Enum([...values] as T[number][], { description });

export const Image = Type.Object(
  {
    name: text("Name of the image; the first part of the file names", {
      ...matching(
        "^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$",
        "letters, digits, - and _, with a letter or digit at both ends",
      ),
      maxLength: 128,
    }),
    version: text("Version of the image, quoted", {
      ...matching(
        "^[0-9]+(\\.[A-Za-z0-9-]+){0,2}(\\+[A-Za-z0-9.-]+)?$",
        'one to three parts between dots, the first a number, for example "1.0.0"',
      ),
      maxLength: 64,
    }),
  },
  { ...closed, description: "What the image is called" },
);

export const Target = Type.Object(
  {
    os: choice(
      ["azure-linux", "edge-microvisor-toolkit", "wind-river-elxr", "debian", "ubuntu", "redhat-compatible-distro"],
      "Operating system",
    ),
    dist: text(
      "Distribution version, for example debian13",
      matching("^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, - and _, for example debian13"),
    ),
    arch: choice(["x86_64", "aarch64", "armv7hl"], "Architecture"),
    imageType: choice(["raw", "img", "iso", "wsl2"], "Kind of output"),
  },
  { ...closed, description: "What the image is made for" },
);

export const Artifact = Type.Object(
  {
    type: choice(["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "tar"], "Format"),
    compression: Type.Optional(choice(["gz", "gzip", "xz", "zstd", "bz2"], "Compression of the file")),
  },
  closed,
);

export const Partition = Type.Object(
  {
    id: Type.Optional(text("Name by which other fields refer to the partition")),
    index: Type.Optional(Type.Integer({ minimum: 1, maximum: 128, description: "Number in the partition table" })),
    name: Type.Optional(text("GPT partition name; the id when absent", { maxLength: 36 })),
    type: Type.Optional(text("Partition type, for example esp or linux-root-amd64")),
    typeUUID: Type.Optional(text("Partition type as GUID, instead of type")),
    fsType: Type.Optional(text("File system: fat32, fat16, vfat, ext4")),
    fsLabel: Type.Optional(text("File system label")),
    start: Type.Optional(text("First byte, as a size", sizePattern)),
    end: Type.Optional(text("End, as a size; 0 takes the rest of the disk", sizePattern)),
    mountPoint: Type.Optional(text("Where it is mounted; none for nowhere")),
    mountOptions: Type.Optional(text("Options in /etc/fstab")),
    flags: Type.Optional(list(Type.String(), "Flags: esp, boot, bios_grub, legacy_boot")),
  },
  closed,
);

export const Disk = Type.Object(
  {
    name: Type.Optional(text("Name of the layout")),
    size: Type.Optional(text("Size of the disk, for example 4GiB", sizePattern)),
    partitionTableType: Type.Optional(choice(["gpt", "mbr"], "Partition table")),
    artifacts: Type.Optional(list(Artifact, "Files to make from the disk")),
    partitions: Type.Optional(list(Partition, "Partitions, in order")),
  },
  { ...closed, description: "The disk and its partitions" },
);

export const User = Type.Object(
  {
    name: text(
      "Login name",
      matching("^[a-z_][a-z0-9._-]{0,31}$", "up to 32 lower-case letters, digits, ., _ and -, a letter or _ first"),
    ),
    password: Type.Optional(text("Password, or a crypt(5) hash; none or empty locks the account")),
    hash_algo: Type.Optional(choice(["sha512", "sha256", "yescrypt", "md5", "bcrypt"], "How the password is hashed")),
    passwordMaxAge: Type.Optional(
      Type.Integer({ minimum: 0, description: "Days after which the password must be changed" }),
    ),
    uid: Type.Optional(Type.Integer({ minimum: 0, maximum: 65533, description: "User id" })),
    groups: Type.Optional(list(Type.String(), "Further groups")),
    sudo: Type.Optional(flag("May use sudo")),
    home: Type.Optional(text("Home directory", absolutePath)),
    shell: Type.Optional(text("Login shell", absolutePath)),
    startupScript: Type.Optional(
      text("Program that replaces the shell", matching("^/[^: ]*$", "an absolute path without : and spaces")),
    ),
    sshAuthorizedKeys: Type.Optional(list(Type.String(), "Public keys that may log in by SSH")),
  },
  closed,
);

export const Route = Type.Object(
  { to: text("Destination: default or a network"), via: text("Gateway address") },
  closed,
);

export const NetworkInterface = Type.Object(
  {
    name: text("Interface name or pattern, for example en*", { maxLength: 15 }),
    dhcp4: Type.Optional(flag("Ask DHCP for an IPv4 address")),
    dhcp6: Type.Optional(flag("Ask DHCP for an IPv6 address")),
    addresses: Type.Optional(list(Type.String(), "Static addresses with prefix length")),
    routes: Type.Optional(list(Route, "Static routes")),
    nameservers: Type.Optional(list(Type.String(), "DNS servers")),
  },
  closed,
);

export const Network = Type.Object(
  {
    backend: Type.Optional(choice(["systemd-networkd", "netplan"], "What configures the network")),
    interfaces: Type.Optional(list(NetworkInterface, "Interfaces")),
  },
  { ...closed, description: "Network" },
);

export const Services = Type.Object(
  {
    enable: Type.Optional(list(Type.String(), "Units to enable")),
    disable: Type.Optional(list(Type.String(), "Units to disable")),
    mask: Type.Optional(list(Type.String(), "Units to mask")),
  },
  { ...closed, description: "systemd units" },
);

export const AdditionalFile = Type.Object(
  {
    local: text("File to copy, relative to the template"),
    final: text("Absolute path in the image", absolutePath),
    mode: Type.Optional(
      text(
        'Permission bits in octal, quoted, for example "0644"',
        matching("^[0-7]{3,4}$", 'three or four octal digits, for example "0644"'),
      ),
    ),
    owner: Type.Optional(
      text("Owner as user:group", matching("^[a-z0-9_][a-z0-9._-]*(:[a-z0-9_][a-z0-9._-]*)?$", "user or user:group")),
    ),
    stage: Type.Optional(
      text(
        "When it is copied: empty or pre-initramfs",
        matching("^(pre-initramfs)?$", 'an empty text or "pre-initramfs"'),
      ),
    ),
  },
  closed,
);

export const Configuration = Type.Object({ cmd: text("Command for bash, run in the image") }, closed);

export const Bootloader = Type.Object(
  {
    bootType: Type.Optional(choice(["efi", "legacy"], "Firmware")),
    provider: Type.Optional(choice(["systemd-boot", "grub", "grub2"], "Boot loader")),
  },
  { ...closed, description: "Boot loader" },
);

export const Kernel = Type.Object(
  {
    name: Type.Optional(text("Kernel name")),
    version: Type.Optional(text("Version or its beginning")),
    cmdline: Type.Optional(text("Kernel command line", { maxLength: 2048 })),
    enableExtraModules: Type.Optional(text("Modules to add to the initrd, separated by spaces")),
    uki: Type.Optional(flag("Make a unified kernel image")),
    packages: Type.Optional(list(Type.String(), "Kernel packages")),
  },
  { ...closed, description: "Kernel" },
);

export const Immutability = Type.Object({ enabled: flag("Read-only root with dm-verity") }, closed);

export const SystemConfig = Type.Object(
  {
    name: Type.Optional(
      text("Name of the configuration; a directory is named after it", {
        ...matching("^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits, ., _ and -, a letter or digit first"),
        maxLength: 128,
      }),
    ),
    description: Type.Optional(text("What it is for")),
    hostname: Type.Optional(
      text(
        "Host name",
        matching(
          "^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$",
          "up to 64 letters, digits, - and ., with a letter or digit at both ends",
        ),
      ),
    ),
    timezone: Type.Optional(
      text(
        "Time zone, for example Europe/Berlin",
        matching("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", "a name of the time zone database such as Europe/Berlin"),
      ),
    ),
    locale: Type.Optional(
      text("Locale, for example C.UTF-8", matching("^[A-Za-z0-9_.@-]+$", "a name such as C.UTF-8 or de_DE.UTF-8")),
    ),
    bootloader: Type.Optional(Bootloader),
    immutability: Type.Optional(Immutability),
    users: Type.Optional(list(User, "Users")),
    network: Type.Optional(Network),
    services: Type.Optional(Services),
    packages: Type.Optional(
      list(
        text(
          "Package",
          matching(
            "^[A-Za-z0-9][A-Za-z0-9+_.:~*?\\[\\]<>=-]*$",
            "a package name, a glob, or a name with a version such as name=1.2",
          ),
        ),
        "Packages to install",
      ),
    ),
    additionalFiles: Type.Optional(list(AdditionalFile, "Files to copy into the image")),
    configurations: Type.Optional(list(Configuration, "Commands to run in the image, in order")),
    kernel: Type.Optional(Kernel),
  },
  { ...closed, description: "The system in the image" },
);

export const PackageRepository = Type.Object(
  {
    codename: text("Suite, or a name for a local repository"),
    url: Type.Optional(text("Address: http, https or file")),
    path: Type.Optional(text("Directory of packages")),
    packages: Type.Optional(list(Type.String(), "Single package files")),
    pkey: Type.Optional(text("Key file, or [trusted=yes] to switch checks off")),
    pkeys: Type.Optional(list(Type.String(), "Key files")),
    component: Type.Optional(text("Components, separated by spaces")),
    priority: Type.Optional(Type.Integer({ minimum: -9999, maximum: 9999, description: "apt's pin priority" })),
    allowPackages: Type.Optional(list(Type.String(), "Globs of the only packages to take from here")),
  },
  closed,
);

export const ImageTemplate = Type.Object(
  {
    metadata: Type.Optional(
      Type.Object(
        {
          description: Type.Optional(Type.String()),
          use_cases: Type.Optional(Type.Array(Type.String())),
          keywords: Type.Optional(Type.Array(Type.String())),
        },
        { ...closed, description: "For people; it changes nothing" },
      ),
    ),
    variables: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
        ...closed,
        description: "Environment variables that ${NAME} may stand for in this template, each with its default",
      }),
    ),
    image: Image,
    target: Target,
    disk: Type.Optional(Disk),
    systemConfig: Type.Optional(SystemConfig),
    packageRepositories: Type.Optional(list(PackageRepository, "Further package repositories")),
  },
  { ...closed, title: "OS Image Composer template" },
);

export type ImageTemplate = Static<typeof ImageTemplate>;
export type ImageSection = Static<typeof Image>;
export type TargetSection = Static<typeof Target>;
export type DiskSection = Static<typeof Disk>;
export type PartitionSection = Static<typeof Partition>;
export type ArtifactSection = Static<typeof Artifact>;
export type SystemConfigSection = Static<typeof SystemConfig>;
export type UserSection = Static<typeof User>;
export type NetworkSection = Static<typeof Network>;
export type NetworkInterfaceSection = Static<typeof NetworkInterface>;
export type ServicesSection = Static<typeof Services>;
export type AdditionalFileSection = Static<typeof AdditionalFile>;
export type KernelSection = Static<typeof Kernel>;
export type PackageRepositorySection = Static<typeof PackageRepository>;
