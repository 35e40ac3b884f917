import Type, { type Static } from "typebox";
import { STAGES } from "../../../core/index.ts";
import { choice, closed, flag, matching, text, wholeNumber } from "./fields.ts";

export const Build = Type.Object(
  {
    cache: Type.Optional(
      Type.Object(
        {
          use_package_cache: Type.Optional(flag("Take packages from the cache and keep them there")),
          use_image_cache: Type.Optional(flag("Take the image from the cache when nothing changed")),
        },
        { ...closed, description: "Which caches the build uses" },
      ),
    ),
    stages: Type.Optional(
      Type.Array(choice(STAGES, "Stage"), {
        description: "Stages to run, in their order; all when absent",
        examples: [["validate", "packages", "compose", "configuration", "finalize"]],
      }),
    ),
    timeout: Type.Optional(
      text(
        "How long the build may take",
        "30m",
        matching("^[1-9][0-9]*(s|m|h)$", "a number with s, m or h, for example 30m"),
      ),
    ),
    parallel: Type.Optional(wholeNumber("Downloads at the same time", 8, 1, 256)),
    keepTemp: Type.Optional(flag("Keep the root tree and unfinished files")),
  },
  { ...closed, description: "How the build runs; flags of the command line win" },
);

export type BuildSection = Static<typeof Build>;
