import Type, { type Static } from "typebox";
import { MAX_SECONDS } from "./lockable-time.ts";

/** The lock file `NAME.lock.json`: one source for its JSON Schema, which reading compares it with, and its types. */

const closed = { additionalProperties: false } as const;
const matching = (pattern: string, patternErrorMessage: string) => ({ pattern, patternErrorMessage });

const MAX_TEXT_LENGTH = 4096;
const MAX_PACKAGES = 100_000;
/** 64 GiB: no package is larger, and sums of sizes stay exact. */
const MAX_SIZE_BYTES = 2 ** 36;

const text = (description: string, options: Readonly<Record<string, unknown>> = {}) =>
  Type.String({ description, maxLength: MAX_TEXT_LENGTH, ...options });
const name = (description: string) =>
  text(description, matching("^[A-Za-z0-9_%][A-Za-z0-9+._%{}-]*$", "the name of a package"));
const version = (description: string) =>
  text(description, matching("^[A-Za-z0-9._+%{}~^][A-Za-z0-9.+:~^_%{}-]*$", "a version, with epoch and revision"));
const digest = (description: string) =>
  text(description, matching("^[0-9a-f]{64}$", "64 lower-case hexadecimal digits"));
const sizeBytes = (description: string) => Type.Integer({ description, minimum: 0, maximum: MAX_SIZE_BYTES });
const list = <T extends Type.TSchema>(items: T, description: string) =>
  Type.Array(items, { description, maxItems: MAX_PACKAGES });

const LockedRepository = Type.Object(
  {
    id: text("Name in this file"),
    type: Type.Enum(["deb", "rpm", "local"], {
      description: "A repository by its address, or packages beside the template",
    }),
    url: text("Canonical address without credentials; for local packages their directory, relative to the template"),
    suite: Type.Optional(text("Suite")),
    components: Type.Optional(list(text("Component"), "Components")),
    priority: Type.Integer({ description: "apt's pin priority", minimum: -100_000, maximum: 100_000 }),
    allowPackages: Type.Optional(list(text("Glob"), "Globs of the only packages that may come from here")),
    metadataSha256: digest("SHA-256 of the signed metadata; for local packages, of the list of their digests"),
    dateSeconds: Type.Optional(
      Type.Integer({
        description: "Date of the signed metadata, seconds since 1970",
        minimum: 0,
        maximum: MAX_SECONDS,
      }),
    ),
    signedBy: Type.Optional(
      text(
        "Fingerprint of the primary key that a valid signature was made with",
        matching("^[0-9A-F]{40,64}$", "a fingerprint of 40 or 64 upper-case hexadecimal digits"),
      ),
    ),
    verified: Type.Boolean({ description: "Whether a signature was checked" }),
    foreignKeys: Type.Boolean({ description: "Whether the keys are not the provider's own" }),
  },
  closed,
);

const LockedPackage = Type.Object(
  {
    name: name("Name"),
    version: version("Epoch, version and revision"),
    architecture: text("In the distribution's words", matching("^[a-z0-9][a-z0-9_-]*$", "the name of an architecture")),
    sizeBytes: sizeBytes("Size of the package file"),
    installedSizeBytes: sizeBytes("Size when installed, as its index says"),
    sha256: digest("SHA-256 of the package file: what is accepted, wherever it comes from"),
    longDigest: Type.Optional(
      text(
        "SHA-384 or SHA-512 of it, where its index lists it by that",
        matching("^([0-9a-f]{96}|[0-9a-f]{128})$", "96 or 128 lower-case hexadecimal digits"),
      ),
    ),
    repository: text("Name of its repository"),
    path: text(
      "Path below the address of its repository",
      matching("^[^/\\u0000-\\u001f\\u007f\\\\][^\\u0000-\\u001f\\u007f\\\\]*$", "a relative path"),
    ),
    baseUrl: Type.Optional(
      text(
        "Address that the path is below, where it is not the repository's own",
        matching("^(https?|file)://[\\u0021-\\u007e]+$", "an http:, https: or file: address"),
      ),
    ),
    buildTimeSeconds: Type.Optional(
      Type.Integer({ description: "When it was built, seconds since 1970", minimum: 0, maximum: MAX_SECONDS }),
    ),
    source: Type.Object(
      { name: name("Name of the source package"), version: version("Its version") },
      { ...closed, description: "What it was built from" },
    ),
    maintainer: text("Maintainer"),
    homepage: Type.Optional(text("Homepage")),
    section: Type.Optional(text("Section")),
    priority: Type.Optional(text("Priority field")),
    essential: Type.Boolean({ description: "Whether it is marked Essential" }),
    requestedAs: Type.Optional(text("The words of the template that it fills")),
    broughtInBy: Type.Optional(text("What needs it: a package and its relation, or what every system needs")),
    dependsOn: list(name("Package"), "Locked packages that fill its Depends and Pre-Depends, in code unit order"),
    preDependsOn: list(name("Package"), "Those of them that fill its Pre-Depends"),
  },
  closed,
);

export const LockDocument = Type.Object(
  {
    schemaVersion: Type.Integer({ description: "Version of this format", minimum: 1, maximum: 1 }),
    providerId: text("os-dist-arch of the target"),
    templateSha256: digest("SHA-256 of all that the template says about packages, as the members below repeat it"),
    template: Type.Object(
      {
        packages: list(text("Package"), "Packages that the template asks for, in its words, in code unit order"),
        excludePackages: list(text("Package"), "Packages that must not be in the image"),
        toolPackages: list(text("Package"), "Packages that the tool root is made of"),
      },
      { ...closed, description: "What the packages were chosen for" },
    ),
    repositories: list(LockedRepository, "Where the packages come from"),
    packages: list(LockedPackage, "The packages of the image, in code unit order of their names"),
    toolPackages: list(LockedPackage, "The packages of the tool root, likewise"),
  },
  { ...closed, title: "OS Image Composer lock file" },
);

export type LockDocument = Static<typeof LockDocument>;
