/**
 * The image template: one TypeScript source for its types and for the JSON Schema that editors and `validate` use.
 *
 * Field names are those of existing templates, so that they work unchanged.
 */
import Type, { type Static } from "typebox";
import { Baseline, OverlayPolicy } from "./baseline.ts";
import { Build } from "./build.ts";
import { Disk } from "./disk.ts";
import { closed, flag, list, text } from "./fields.ts";
import { Image, Metadata, Target } from "./image.ts";
import { PackageRepository, Repository } from "./repositories.ts";
import { SystemConfig } from "./system.ts";

export const ImageTemplate = Type.Object(
  {
    extends: Type.Optional(
      text("Template that this one is laid over, relative to it, in its directory or below", "base/server.yml"),
    ),
    metadata: Type.Optional(Metadata),
    variables: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
        ...closed,
        description: "Environment variables that ${NAME} may stand for in this template, each with its default",
        examples: [{ ADMIN_PASSWORD: "" }],
      }),
    ),
    image: Image,
    target: Target,
    build: Type.Optional(Build),
    baseline: Type.Optional(Baseline),
    overlayPolicy: Type.Optional(OverlayPolicy),
    disk: Type.Optional(Disk),
    systemConfig: Type.Optional(SystemConfig),
    useDefaultRepositories: Type.Optional(
      flag("Take packages from the distribution's own repositories, too", true, { default: true }),
    ),
    packageRepositories: Type.Optional(list(PackageRepository, "Further package repositories")),
    repositories: Type.Optional(list(Repository, "Further package repositories, in the short form")),
    sbomPackageMetadata: Type.Optional(
      Type.Array(Type.Object({}), { description: "Written by another tool; it changes nothing", examples: [[]] }),
    ),
  },
  { ...closed, title: "OS Image Composer template" },
);

export type ImageTemplate = Static<typeof ImageTemplate>;
export type * from "./accounts.ts";
export type * from "./boot.ts";
export type * from "./build.ts";
export type * from "./disk.ts";
export type * from "./files.ts";
export type * from "./image.ts";
export type * from "./network.ts";
export type * from "./repositories.ts";
export type * from "./system.ts";
