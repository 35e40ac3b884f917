import Type from "typebox";
import { choice, closed, flag, text } from "./fields.ts";

/** The overlay mode of other tools' templates, which starts from a finished image; read, and not built yet. */

const Source = Type.Object(
  {
    path: Type.Optional(text("Image file", "base.raw")),
    url: Type.Optional(text("Image address, https", "https://example.com/base.qcow2")),
    format: Type.Optional(choice(["raw", "qcow2", "vhd", "vhdx"], "Format of the image")),
    sbomPath: Type.Optional(text("SBOM of the image", "base.spdx.json")),
  },
  { ...closed, description: "The image to start from: path or url" },
);

export const Baseline = Type.Object(
  {
    mode: Type.Optional(choice(["create", "overlay"], "Make a new image, or change an existing one")),
    source: Type.Optional(Source),
  },
  { ...closed, description: "The image that an overlay starts from" },
);

export const OverlayPolicy = Type.Object(
  {
    packageOperation: Type.Optional(
      choice(["additive-only", "additive-and-upgrade"], "What may happen to the packages of the image"),
    ),
    conflictPolicy: Type.Optional(choice(["fail", "allow-explicit"], "What happens to conflicting packages")),
    kernelCmdline: Type.Optional(text("Kernel command line of the new image", "quiet")),
    grubDefault: Type.Optional(text("Menu entry that GRUB starts", "0")),
    allowDiskResize: Type.Optional(flag("The disk may grow")),
    allowPackageRemoval: Type.Optional(flag("Packages may be removed")),
    replaceKernel: Type.Optional(
      Type.Object(
        { package: text("Kernel package", "linux-image-amd64") },
        { ...closed, description: "The kernel that takes the place of the image's" },
      ),
    ),
  },
  { ...closed, description: "What an overlay may change" },
);
