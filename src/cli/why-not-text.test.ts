import { describe, expect, it } from "vitest";
import type { PackageFacts, WhyNotAnswer } from "../ospackage/index.ts";
import { whyNotText } from "./why-not-text.ts";

const MEBI = 1024 ** 2;

function facts(name: string, version = "1"): PackageFacts {
  return { name, version, repository: "toy/stable", sizeBytes: MEBI, installedSizeBytes: MEBI };
}

function text(answer: Partial<WhyNotAnswer>): string {
  const whole = { asked: "vim", verdict: "not-requested", reasons: [], details: [], available: [], ...answer } as const;
  return whyNotText(whole, "the image", "os-image-composer why t.yml");
}

describe("whyNotText()", () => {
  it("shows what a package would bring along", () => {
    const effect = {
      packages: 2,
      sizeBytes: 3 * MEBI,
      installedSizeBytes: -MEBI,
      added: [facts("vim"), facts("libgpm2")],
      removed: [facts("nano")],
      changed: [{ from: facts("lib"), to: facts("lib", "2") }],
    };
    expect(text({ effect, reasons: ["bash only recommends it"], hint: 'Add "vim" to systemConfig.packages' })).toBe(`\
vim is not in the image: nothing asks for it
- bash only recommends it

With vim: +2 packages, +3.0 MiB to download, -1.0 MiB installed
  + vim 1
  + libgpm2 1
  - nano 1
  ~ lib 1 → 2

hint: Add "vim" to systemConfig.packages`);
  });

  it("names only some of many packages", () => {
    const added = Array.from({ length: 40 }, (_, at) => facts(`p${at}`));
    const effect = { packages: 40, sizeBytes: 0, installedSizeBytes: 0, added, removed: [], changed: [] };
    expect(text({ effect })).toMatch(/\+ p29 1\n {2}\+ … and 10 more$/);
  });

  it("lists versions where another one was asked for", () => {
    expect(text({ verdict: "other-versions", installed: facts("vim", "9"), available: ["9 (toy/stable), newer"] }))
      .toBe(`\
vim is not in the image: there are only other versions

In the image: vim 9

Available:
- 9 (toy/stable), newer`);
  });

  it("shows the tree of a contradiction", () => {
    expect(text({ verdict: "conflicts", details: ["a", "└─ b"] })).toBe(
      "vim is not in the image: it does not fit beside the rest\n\na\n└─ b",
    );
  });

  it("points to why for what is there", () => {
    expect(text({ asked: "mta", verdict: "installed", installed: facts("exim"), reasons: ["exim provides mta"] })).toBe(
      'mta is in the image: exim 1\n- exim provides mta\nhint: "os-image-composer why t.yml exim" shows how it came in',
    );
  });
});
