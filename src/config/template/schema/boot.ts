import Type, { type Static } from "typebox";
import { choice, closed, flag, matching, text, texts } from "./fields.ts";

export const Initramfs = Type.Object(
  { template: text("Template of the installer's initrd, relative to this one", "default-initrd-x86_64.yml") },
  { ...closed, description: "Initrd of an installer image" },
);

export const Bootloader = Type.Object(
  {
    bootType: Type.Optional(choice(["efi", "legacy"], "Firmware")),
    provider: Type.Optional(choice(["systemd-boot", "grub", "grub2"], "Boot loader")),
  },
  { ...closed, description: "Boot loader" },
);

export const Kernel = Type.Object(
  {
    name: Type.Optional(text("What the boot menu calls the kernel", "rt")),
    version: Type.Optional(text("Version or its beginning", "6.12")),
    cmdline: Type.Optional(text("Kernel command line", "console=ttyS0,115200 quiet", { maxLength: 2048 })),
    enableExtraModules: Type.Optional(
      text("Modules to add to the initrd, separated by spaces", "usbcore nvme"),
    ),
    uki: Type.Optional(flag("Make a unified kernel image: kernel, initrd and command line in one program that systemd-boot starts. The initrd is not in /boot then; one that a script makes there as initrd.img-VERSION is taken instead")),
    packages: Type.Optional(texts("Kernel packages; a template's list replaces the defaults'", ["linux-image-amd64"])),
  },
  { ...closed, description: "Kernel" },
);

const signingFile = (description: string, example: string, endings: string) =>
  Type.Optional(text(description, example, matching(`\\.(${endings.replaceAll(", ", "|")})$`, `a file *.${endings.replaceAll(", ", " or *.")}`)));

export const Immutability = Type.Object(
  {
    enabled: flag("Read-only root with dm-verity", false),
    secureBootDBKey: signingFile("Private key that signs what firmware starts", "/keys/db.key", "key, pem"),
    secureBootDBCrt: signingFile("Certificate of that key, PEM", "/keys/db.crt", "crt, pem"),
    secureBootDBCer: signingFile("Certificate of that key, DER, for enrolment", "/keys/db.cer", "cer"),
  },
  { ...closed, description: "Read-only root, and secure boot" },
);

export const Fde = Type.Object(
  {
    enabled: flag("Encrypt partitions", false),
    passphraseFile: Type.Optional(text("File with the passphrase", "/keys/passphrase")),
    partitions: Type.Optional(texts("Ids of the partitions to encrypt", ["rootfs"])),
    unlock: Type.Optional(choice(["auto", "manual"], "Whether the system asks for the passphrase at boot")),
  },
  { ...closed, description: "Full disk encryption" },
);

export const Selinux = Type.Object(
  { mode: choice(["disabled", "permissive", "enforcing"], "What SELinux does with violations of its policy") },
  { ...closed, description: "SELinux" },
);

export type BootloaderSection = Static<typeof Bootloader>;
export type KernelSection = Static<typeof Kernel>;
export type ImmutabilitySection = Static<typeof Immutability>;
