import { describe, expect, it } from "vitest";
import { resolveRpm } from "./resolve-rpm.ts";
import { type ToyRpm, toyRpmRepository } from "./toy-rpm-repository.ts";

/** Three packages that fill the same need, and one that has it. */
const APIS: readonly ToyRpm[] = [
  ["app", { requires: "api" }],
  ["a", { provides: "api" }],
  ["b", { provides: "api", enhances: "gadget" }],
  ["c", { provides: "api", supplements: "(gadget and gui)" }],
  ["gadget"],
  ["gui"],
];

/** Two choices, of which each narrows the other. */
const SIDES: readonly ToyRpm[] = [
  ["left-1", { provides: "left", conflicts: "right-1" }],
  ["left-2", { provides: "left" }],
  ["right-1", { provides: "right" }],
  ["right-2", { provides: "right" }],
  ["m", { requires: "left" }],
  ["n", { requires: "right" }],
];

/** The names of what is chosen besides what was asked for. */
function chosenFor(
  packages: readonly ToyRpm[],
  requests: readonly string[],
  { preferred = [], installWeak = false }: { preferred?: readonly ToyRpm[]; installWeak?: boolean } = {},
): readonly string[] {
  const result = resolveRpm({
    repositories: [
      toyRpmRepository(preferred, { source: { id: "preferred", priority: 900 } }),
      toyRpmRepository(packages),
    ],
    architecture: "x86_64",
    requests: requests.map((text) => ({ text, origin: "systemConfig.packages" })),
    installWeak,
  });
  if (result.kind !== "answered") throw new Error("file lists are needed");
  const names = result.answer.packages.map((resolved) => resolved.package.name);
  return names.filter((name) => !requests.includes(name)).sort();
}

describe("a choice between equally good packages", () => {
  it("is by name when nothing else says which", () => {
    expect(chosenFor(APIS, ["app"])).toEqual(["a"]);
  });

  it("falls on what something chosen recommends, if its condition holds", () => {
    const packages: ToyRpm[] = [...APIS, ["hint", { recommends: "(b if gui)" }]];
    expect(chosenFor(packages, ["app", "hint"])).toEqual(["a"]);
    expect(chosenFor(packages, ["app", "hint", "gui"])).toEqual(["b"]);
  });

  it("falls on what something chosen suggests, if its condition holds", () => {
    const packages: ToyRpm[] = [...APIS, ["fan", { suggests: "c" }], ["rich-fan", { suggests: "(c if gui)" }]];
    expect(chosenFor(packages, ["app", "fan"])).toEqual(["c"]);
    expect(chosenFor(packages, ["app", "rich-fan"])).toEqual(["a"]);
    expect(chosenFor(packages, ["app", "rich-fan", "gui"])).toEqual(["c"]);
  });

  it("falls on what enhances or supplements something chosen", () => {
    expect(chosenFor(APIS, ["app", "gui"])).toEqual(["a"]);
    expect(chosenFor(APIS, ["app", "gadget"])).toEqual(["b"]);
    expect(chosenFor(APIS, ["app", "gadget", "gui"])).toEqual(["c"]);
    const endless = Array.from({ length: 20 }, (_, at) => `(x${at} and y${at})`).join(" or ");
    const packages: ToyRpm[] = [...APIS, ["d", { provides: "api", supplements: `(${endless})` }]];
    expect(chosenFor(packages, ["app"])).toEqual(["a"]);
  });

  it("heeds what is recommended or supplements before what is suggested", () => {
    const packages: ToyRpm[] = [...APIS, ["fan", { suggests: "b" }], ["hint", { recommends: "c" }]];
    expect(chosenFor(packages, ["app", "fan"])).toEqual(["b"]);
    expect(chosenFor(packages, ["app", "fan", "hint"])).toEqual(["c"]);
    expect(chosenFor(packages, ["app", "fan", "gadget", "gui"])).toEqual(["c"]);
  });

  it("comes early when a recommendation leaves only one", () => {
    const packages: ToyRpm[] = [...SIDES, ["hint", { recommends: "left-1" }]];
    expect(chosenFor(packages, ["m", "n"])).toEqual(["left-2", "right-1"]);
    expect(chosenFor(packages, ["m", "n", "hint"])).toEqual(["left-1", "right-2"]);
  });

  it("waits until everything is decided that has one best candidate", () => {
    const packages: ToyRpm[] = [
      ...APIS,
      ["z-app", { requires: "api" }],
      ["needs-lib", { requires: "lib" }],
      ["lib 1-1"],
      ["lib 2-1", { requires: "c" }],
    ];
    expect(chosenFor(packages, ["z-app", "needs-lib"])).toEqual(["c", "lib"]);
  });

  it("is made in the order of the requests", () => {
    expect(chosenFor(SIDES, ["left", "right"])).toEqual(["left-1", "right-2"]);
    expect(chosenFor(SIDES, ["right", "left"])).toEqual(["left-2", "right-1"]);
    // Of requirements, in the order of the metadata, the last one first.
    expect(chosenFor(SIDES, ["m", "n"])).toEqual(["left-2", "right-1"]);
    expect(chosenFor(SIDES.toReversed(), ["n", "m"])).toEqual(["left-2", "right-1"]);
  });

  it("is made once more when another one of them came to be there as well", () => {
    const packages: ToyRpm[] = [
      ...APIS,
      ["z-app", { requires: "api" }],
      ["brings", { requires: "bringer" }],
      ["x-bringer", { provides: "bringer", requires: "b" }],
      ["y-bringer", { provides: "bringer" }],
    ];
    expect(chosenFor(packages, ["app", "brings"])).toEqual(["b", "x-bringer"]);
    expect(chosenFor(packages, ["z-app", "brings"])).toEqual(["b", "x-bringer"]);
  });

  it("is made once more when another one of them came to be recommended", () => {
    const packages: ToyRpm[] = [
      ...APIS,
      ["z-app", { requires: "api" }],
      ["praises", { requires: "praiser" }],
      ["x-praiser", { provides: "praiser", recommends: "b" }],
      ["y-praiser", { provides: "praiser" }],
    ];
    expect(chosenFor(packages, ["z-app", "praises"])).toEqual(["b", "x-praiser"]);
    // Not when the one that was taken is recommended, too.
    const both: ToyRpm[] = [...packages, ["hint", { recommends: "a" }]];
    expect(chosenFor(both, ["z-app", "praises", "hint"])).toEqual(["a", "x-praiser"]);
  });

  it("takes nothing for what is no longer chosen", () => {
    const packages: ToyRpm[] = [
      ["a-app", { requires: "drink" }],
      ["z-app", { requires: "meal" }],
      ["b-meal", { provides: "meal", requires: "api" }],
      ["c-meal", { provides: "meal" }],
      ["juice", { provides: "drink" }],
      ["milk", { provides: "drink, api" }],
      ["tea", { provides: "api" }],
      ["brings", { requires: "bringer" }],
      ["x-bringer", { provides: "bringer", requires: "c-meal" }],
      ["y-bringer", { provides: "bringer" }],
    ];
    expect(chosenFor(packages, ["z-app", "a-app"])).toEqual(["b-meal", "milk"]);
    expect(chosenFor(packages, ["z-app", "a-app", "brings"])).toEqual(["c-meal", "juice", "x-bringer"]);
  });

  it("comes after all that is recommended, when that is installed as well", () => {
    const packages: ToyRpm[] = [
      ["app", { recommends: "helper, b" }],
      ["helper", { requires: "api" }],
      ["b", { provides: "api" }],
    ];
    const preferred: ToyRpm[] = [["a", { provides: "api" }]];
    expect(chosenFor(packages, ["app"], { preferred, installWeak: true })).toEqual(["b", "helper"]);
    expect(chosenFor(packages, ["app", "helper"], { preferred })).toEqual(["a"]);
  });
});
