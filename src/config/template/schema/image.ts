import Type, { type Static } from "typebox";
import { choice, closed, matching, text, texts } from "./fields.ts";

export const Metadata = Type.Object(
  {
    description: Type.Optional(text("What the template is for", "A small web server")),
    use_cases: Type.Optional(texts("What it can be used for", ["edge devices"])),
    keywords: Type.Optional(texts("Words to find it by", ["minimal", "raw"])),
  },
  { ...closed, description: "For people; it changes nothing" },
);

export const Image = Type.Object(
  {
    name: text("Name of the image; the first part of the file names", "my-image", {
      ...matching(
        "^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$",
        "letters, digits, - and _, with a letter or digit at both ends",
      ),
      maxLength: 128,
    }),
    version: text("Version of the image, quoted", "1.0.0", {
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
      ["debian", "azure-linux", "edge-microvisor-toolkit", "wind-river-elxr", "ubuntu", "redhat-compatible-distro"],
      "Operating system",
    ),
    dist: text(
      "Distribution and version: debian12, debian13, azl3, emt3, elxr12 and so on",
      "debian13",
      matching("^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, - and _, for example debian13"),
    ),
    arch: choice(["x86_64", "aarch64", "armv7hl"], "Architecture"),
    imageType: choice(["raw", "img", "iso", "wsl2"], "Kind of output: a disk, an initrd, an installer, or a WSL system"),
  },
  { ...closed, description: "What the image is made for" },
);

export type ImageSection = Static<typeof Image>;
export type TargetSection = Static<typeof Target>;
