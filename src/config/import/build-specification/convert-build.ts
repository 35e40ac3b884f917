import { STAGES, nearestOf } from "../../../core/index.ts";
import type { BuildSection } from "../../template/schema/index.ts";
import { type Placed, placed } from "../compose.ts";
import { reportIssue } from "../decode.ts";
import type { BuildSpecification } from "./model.ts";
import { type SpecificationConversion, same } from "./conversion.ts";

type Stage = (typeof STAGES)[number];

/** How the build runs: the keys are the same in a template. */
export function convertBuild(
  { value: build, spot }: NonNullable<BuildSpecification["build"]>,
  { compose, issues }: SpecificationConversion,
): Placed<BuildSection> | undefined {
  const { cache, stages } = build;
  const known = (stages?.value ?? []).flatMap(({ value, spot: at }): Placed<Stage>[] => {
    const stage = STAGES.find((name) => name === value);
    if (stage !== undefined) return [placed<Stage>(stage, at)];
    const near = nearestOf(value, STAGES);
    reportIssue(issues, at, `unknown stage ${JSON.stringify(value)}`, {
      expected: `one of ${STAGES.join(", ")}`,
      ...(near === undefined ? {} : { didYouMean: near }),
    });
    return [];
  });
  return compose.mappingOfAny(spot, {
    cache:
      cache &&
      compose.mapping(cache.spot, {
        use_package_cache: same(cache.value.use_package_cache),
        use_image_cache: same(cache.value.use_image_cache),
      }),
    stages: compose.listOfAny(stages?.spot, known),
    timeout: same(build.timeout),
    parallel: same(build.parallel),
    keepTemp: same(build.keepTemp),
  });
}
