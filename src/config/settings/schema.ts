import Type, { type Static } from "typebox";

/** The global configuration file `os-image-composer.yml`: one source for its types and its JSON Schema. */

const closed = { additionalProperties: false } as const;
const directory = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, description: `${description}; relative to this file` }));

const Mirror = Type.Object(
  {
    url: Type.String({
      pattern: "^(host|(https?://|file:///).+)$",
      patternErrorMessage: "host, or an address that begins with http://, https:// or file:///",
      description: "Address that is read instead of the provider's own; host takes what this host's apt sources name",
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

export const ConfigurationFile = Type.Object(
  {
    workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 256, description: "Downloads at the same time" })),
    cache_dir: directory("Where packages and indexes are kept between builds"),
    work_dir: directory("Where images are built"),
    temp_dir: directory("Where short-lived files go"),
    config_dir: directory("Where provider data and default templates are"),
    output_dir: directory("Where finished images are copied to"),
    logging: Type.Optional(
      Type.Object(
        {
          level: Type.Optional(
            Type.Enum(["debug", "info", "warn", "error"], { description: "Least important lines that are shown" }),
          ),
          file: directory("File that gets the log, too"),
        },
        { ...closed, description: "Log" },
      ),
    ),
    mirrors: Type.Optional(
      Type.Record(Type.String({ pattern: "^[a-z0-9][a-z0-9-]*$" }), Mirror, {
        ...closed,
        description: "Mirrors by operating system, for example debian",
      }),
    ),
    tree_storage: Type.Optional(
      Type.Enum(["auto", "tmpfs", "disk"], {
        description: "Where root trees are made: auto takes memory when there is enough",
      }),
    ),
  },
  { ...closed, title: "OS Image Composer global configuration" },
);

export type ConfigurationFile = Static<typeof ConfigurationFile>;
