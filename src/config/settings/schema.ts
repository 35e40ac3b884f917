import Type, { type Static } from "typebox";

/**
 * The global configuration file `os-image-composer.yml`: one source for its types, its JSON Schema, the built-in values
 * (`default`) and what `config init` writes.
 */

const closed = { additionalProperties: false } as const;
const directory = (description: string, more: { default?: string; examples?: string[] } = {}) =>
  Type.Optional(Type.String({ minLength: 1, description: `${description}; relative to this file`, ...more }));

const Mirror = Type.Object(
  {
    url: Type.String({
      pattern: "^(host|(mirror\\+)?(https?://|file:///).+)$",
      patternErrorMessage:
        "host, or an address that begins with http://, https:// or file:///, or with mirror+ before it",
      description:
        "Address that is read instead of the provider's own; host takes what this host's apt sources name; mirror+ADDRESS is a mirror list of an rpm repository",
    }),
    suite: Type.Optional(Type.String({ minLength: 1, description: "Suite to read instead of the provider's" })),
    keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: "Key files that sign there, relative to this file",
      }),
    ),
  },
  closed,
);

const Core = Type.Object(
  {
    cache_dir: directory("Older name of cache_dir"),
    work_dir: directory("Older name of work_dir"),
    max_concurrent_builds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1024,
        description: "Builds at the same time in one work directory; others wait",
        default: 4,
      }),
    ),
    cleanup_on_failure: Type.Optional(
      Type.Boolean({
        description: "Whether nothing of a failed build stays; false keeps its root tree on disk, to look at",
        default: true,
      }),
    ),
  },
  { ...closed, description: "Builds" },
);

const PackageCache = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({ description: "Whether packages are kept between builds and taken from there", default: true }),
    ),
    max_size_gb: Type.Optional(
      Type.Number({
        minimum: 0.1,
        maximum: 1_000_000,
        description: "Gigabytes (10^9 bytes) that packages may take; the least recently used go first",
        default: 10,
      }),
    ),
    retention_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36_500,
        description: "Days after which a package that no build used goes",
        default: 30,
      }),
    ),
  },
  { ...closed, description: "Downloaded packages" },
);

const ImageCache = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({ description: "Whether images are kept and returned when nothing changed", default: true }),
    ),
    max_count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: "Images that are kept of each system; the least recently used go first",
        default: 5,
      }),
    ),
  },
  { ...closed, description: "Finished images" },
);

export const ConfigurationFile = Type.Object(
  {
    workers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 256, description: "Downloads at the same time", default: 8 }),
    ),
    cache_dir: directory("Where packages, indexes and images are kept between builds", { default: "cache" }),
    work_dir: directory("Where images are built", { default: "workspace" }),
    temp_dir: directory("Where the SBOM of the newest build goes, too", { default: "tmp" }),
    config_dir: directory("Where provider data and default templates are; this program's own unless set", {
      examples: ["./config"],
    }),
    output_dir: directory("Where finished images are copied to; nowhere unless set", { examples: ["./images"] }),
    logging: Type.Optional(
      Type.Object(
        {
          level: Type.Optional(
            Type.Enum(["debug", "info", "warn", "error"], {
              description: "Least important lines that are shown",
              default: "info",
            }),
          ),
          file: directory("File that gets the log, too; none unless set", { examples: ["./build.log"] }),
        },
        { ...closed, description: "Log" },
      ),
    ),
    mirrors: Type.Optional(
      Type.Record(Type.String({ pattern: "^[a-z0-9][a-z0-9-]*$" }), Mirror, {
        ...closed,
        description: "Mirrors by operating system; none unless set",
        examples: [{ debian: { url: "http://mirror.example.com/debian" } }],
      }),
    ),
    tree_storage: Type.Optional(
      Type.Enum(["auto", "tmpfs", "disk"], {
        description: "Where root trees are made: auto takes memory when there is enough",
        default: "auto",
      }),
    ),
    core: Type.Optional(Core),
    storage: Type.Optional(
      Type.Object(
        { package_cache: Type.Optional(PackageCache), image_cache: Type.Optional(ImageCache) },
        { ...closed, description: "What is kept between builds" },
      ),
    ),
  },
  { ...closed, title: "OS Image Composer global configuration" },
);

export type ConfigurationFile = Static<typeof ConfigurationFile>;
