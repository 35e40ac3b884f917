import Type, { type Static } from "typebox";
import { Group, User } from "./accounts.ts";
import { Bootloader, Fde, Immutability, Initramfs, Kernel, Selinux } from "./boot.ts";
import { closed, flag, list, matching, text, texts } from "./fields.ts";
import { AdditionalFile, Configuration, Script } from "./files.ts";
import { Network } from "./network.ts";

export const Keyboard = Type.Object(
  {
    layout: text("XKB layout", "de", matching("^[a-z0-9_,-]+$", "a layout such as us or de")),
    variant: Type.Optional(text("Variant of the layout", "nodeadkeys", matching("^[A-Za-z0-9_,-]*$", "a variant"))),
    model: Type.Optional(text("Keyboard model", "pc105", matching("^[A-Za-z0-9_-]+$", "a model such as pc105"))),
    options: Type.Optional(
      text("XKB options between commas", "ctrl:nocaps", matching("^[A-Za-z0-9_:,()-]*$", "options between commas")),
    ),
  },
  { ...closed, description: "Keyboard" },
);

export const Services = Type.Object(
  {
    enable: Type.Optional(texts("Units to start at boot", ["ssh.service"])),
    disable: Type.Optional(texts("Units not to start at boot", ["apt-daily.timer"])),
    mask: Type.Optional(texts("Units that nothing can start", ["ctrl-alt-del.target"])),
  },
  { ...closed, description: "systemd units; what a template says about a unit undoes what the defaults said" },
);

export const PackageFiles = Type.Object(
  {
    documentation: Type.Optional(
      flag("Install manuals and other documentation; texts of licences always are", false, { default: true }),
    ),
    locales: Type.Optional(
      texts("Languages whose translations are installed: all when absent, none when empty", ["de", "pt_BR"], {
        ...matching("^[a-z]{2,3}(_[A-Z]{2})?(@[a-z]+)?$", "a language such as de, pt_BR or sr@latin"),
      }),
    ),
  },
  { ...closed, description: "Which files of packages are installed; updates in the image hold to it, too" },
);

const PACKAGE = matching(
  "^[A-Za-z0-9][A-Za-z0-9+_.:~^*?\\[\\]-]*([<>=]=?[A-Za-z0-9+_.:~^-]+|(<<|>>)[A-Za-z0-9+_.:~^-]+)?$",
  "a package name, a glob, or a name with a version such as name=1.2 or name>=1.2",
);

export const SystemConfig = Type.Object(
  {
    name: Type.Optional(
      text("Name of the configuration; a directory is named after it", "edge", {
        ...matching("^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits, ., _ and -, a letter or digit first"),
        maxLength: 128,
      }),
    ),
    description: Type.Optional(text("What it is for", "Edge device with a web server")),
    hostname: Type.Optional(
      text(
        "Host name",
        "edge-01",
        matching(
          "^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$",
          "up to 64 letters, digits, - and ., with a letter or digit at both ends",
        ),
      ),
    ),
    timezone: Type.Optional(
      text(
        "Time zone",
        "Europe/Berlin",
        matching("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", "a name of the time zone database such as Europe/Berlin"),
      ),
    ),
    locale: Type.Optional(
      text("Locale", "C.UTF-8", matching("^[A-Za-z0-9_.@-]+$", "a name such as C.UTF-8 or de_DE.UTF-8")),
    ),
    keyboard: Type.Optional(Keyboard),
    initramfs: Type.Optional(Initramfs),
    bootloader: Type.Optional(Bootloader),
    immutability: Type.Optional(Immutability),
    fde: Type.Optional(Fde),
    selinux: Type.Optional(Selinux),
    groups: Type.Optional(list(Group, "Groups")),
    users: Type.Optional(list(User, "Users")),
    network: Type.Optional(Network),
    services: Type.Optional(Services),
    packages: Type.Optional(texts("Packages to install, in addition to the defaults'", ["nginx", "curl"], PACKAGE)),
    excludePackages: Type.Optional(
      texts("Packages that must not be in the image: names or globs", ["systemd-timesyncd"], {
        ...matching("^[A-Za-z0-9][A-Za-z0-9+_.:~^*?\\[\\]-]*$", "a package name or a glob, without a version"),
      }),
    ),
    packageFiles: Type.Optional(PackageFiles),
    additionalFiles: Type.Optional(list(AdditionalFile, "Files and directories to put into the image")),
    preInstallScripts: Type.Optional(
      list(Script, "Scripts that run before packages are installed, with the path of the empty tree in IMAGE_ROOT"),
    ),
    postInstallScripts: Type.Optional(
      list(Script, "Scripts that run in the image when packages, files, users and network are in place"),
    ),
    configurations: Type.Optional(list(Configuration, "Commands to run in the image, in order, after the scripts")),
    kernel: Type.Optional(Kernel),
  },
  { ...closed, description: "The system in the image" },
);

export type SystemConfigSection = Static<typeof SystemConfig>;
export type PackageFilesSection = Static<typeof PackageFiles>;
export type KeyboardSection = Static<typeof Keyboard>;
export type ServicesSection = Static<typeof Services>;
