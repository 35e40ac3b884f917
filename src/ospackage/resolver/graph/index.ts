/** Pictures of which package needs which. */
export * from "./draw-dependencies.ts";
