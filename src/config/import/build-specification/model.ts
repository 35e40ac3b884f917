import { type Decoded, flag, listOf, shape, text, textOrNumber, wholeNumber } from "../decode.ts";

/** The build specification that came before templates. */
export const BuildSpecification = shape({
  image: shape({
    name: text,
    version: textOrNumber,
    description: text,
    base: shape({ os: text, version: textOrNumber, type: text, arch: text }),
    output: shape({ format: text, compression: text }),
    format: text,
    compression: text,
  }),
  customizations: shape({
    hostname: text,
    timezone: text,
    locale: text,
    packages: shape({ install: listOf(text), remove: listOf(text) }),
    services: shape({ enabled: listOf(text), disabled: listOf(text), masked: listOf(text) }),
    files: listOf(
      shape({ source: text, destination: text, mode: textOrNumber, permissions: textOrNumber, owner: text }),
    ),
  }),
  build: shape({
    cache: shape({ use_package_cache: flag, use_image_cache: flag }),
    stages: listOf(text),
    timeout: text,
    parallel: wholeNumber,
    keepTemp: flag,
  }),
});

export type BuildSpecification = Decoded<typeof BuildSpecification>;
export type ImageModel = NonNullable<BuildSpecification["image"]>["value"];
export type CustomizationsModel = NonNullable<BuildSpecification["customizations"]>["value"];
