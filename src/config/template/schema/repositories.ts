import Type, { type Static } from "typebox";
import { closed, flag, text, texts, wholeNumber } from "./fields.ts";

export const PackageRepository = Type.Object(
  {
    codename: text("Suite, or a name for a local repository", "trixie-backports"),
    url: Type.Optional(text(
        "Address: http, https or file; for rpm also mirror+ before the address of a mirror list",
        "http://ftp.debian.org/debian",
      )),
    path: Type.Optional(text("Directory of packages, relative to the template", "packages")),
    packages: Type.Optional(texts("Single package files, relative to the template", ["./agent_1.0_amd64.deb"])),
    pkey: Type.Optional(
      text("Key file of who signs it, or [trusted=yes] to switch its checks off", "/usr/share/keyrings/example.asc"),
    ),
    pkeys: Type.Optional(texts("Key files, instead of pkey", ["keys/a.asc", "keys/b.asc"])),
    component: Type.Optional(text("Components, separated by spaces", "main contrib")),
    priority: Type.Optional(wholeNumber("apt's pin priority; higher ones win", 990, -9999, 9999)),
    allowPackages: Type.Optional(texts("Globs of the only packages to take from here", ["nginx*"])),
    insecureSkipVerify: Type.Optional(flag("Accept any TLS certificate; signatures are checked all the same", false)),
  },
  closed,
);

/** The short form of the documents; `loadTemplate` turns it into a {@link PackageRepository}. */
export const Repository = Type.Object(
  {
    name: text("Name", "vendor", { minLength: 1 }),
    baseurl: text(
      "Address of the directory that holds the metadata; for rpm also mirror+ before the address of a mirror list",
      "https://packages.example.com/debian/"),
    gpgcheck: Type.Optional(flag("Check its signatures", true, { default: true })),
    gpgkey: Type.Optional(text("Key file of who signs it", "keys/vendor.asc")),
  },
  closed,
);

export type PackageRepositorySection = Static<typeof PackageRepository>;
export type RepositorySection = Static<typeof Repository>;
