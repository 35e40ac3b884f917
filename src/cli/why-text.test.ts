import { describe, expect, it } from "vitest";
import type { Chain, LineSaving, PackageFacts, Savings } from "../ospackage/index.ts";
import { savingsText, whyText } from "./why-text.ts";

const KIBI = 1024;

function facts(nameAndVersion: string): PackageFacts {
  const [name = "", version = ""] = nameAndVersion.split(" ");
  return { name, version, repository: "toy/stable", sizeBytes: 2 * KIBI, installedSizeBytes: 10 * KIBI };
}

function requestAt(text: string, line: number) {
  return { text, origin: "systemConfig.packages", position: { file: "t.yml", line, column: 7 } };
}

function chain(text: string, line: number, ...links: readonly (readonly [string, string, string?])[]): Chain {
  return {
    request: requestAt(text, line),
    first: facts(`${text} 1`),
    links: links.map(([requirement, found, filledAs]) => ({
      verb: "depends on",
      requirement,
      ...(filledAs === undefined ? {} : { filledAs }),
      package: facts(found),
    })),
  };
}

describe("whyText()", () => {
  it("shows for each request a tree, beginnings that chains share once, and what a link goes through", () => {
    const chains = [
      chain("web", 4, ["mta (>= 2)", "exim 4", "mta (>= 2)"]),
      chain("app", 5, ["core", "core 1"], ["a | b", "exim 4", "b"]),
      chain("app", 5, ["core", "core 1"], ["default-mta | mta", "exim 4", "mta"]),
    ];
    expect(whyText({ package: facts("exim 4"), chains, count: 3 }, "the image", false)).toBe(`\
exim 4 is in the image: 2.0 KiB to download, 10 KiB installed

systemConfig.packages "web" (t.yml:4:7): web 1
└─ depends on mta (>= 2): exim 4

systemConfig.packages "app" (t.yml:5:7): app 1
└─ depends on core: core 1
   ├─ depends on a | b: exim 4 as b
   └─ depends on default-mta | mta: exim 4 as mta`);
  });

  it("says how many chains it leaves out", () => {
    const chains = Array.from({ length: 12 }, (_, at) => chain(`p${at}`, at));
    const answer = { package: facts("p 1"), chains, count: 15 };
    expect(whyText(answer, "the image", false)).toContain("\n… and 5 more chains; --all shows them");
    expect(whyText(answer, "the image", true)).toMatch(/p11 1\n\n… and 3 more chains$/);
  });
});

describe("savingsText()", () => {
  const saving = (text: string, line: number, values: Partial<LineSaving>): LineSaving => ({
    request: requestAt(text, line),
    packages: 0,
    sizeBytes: 0,
    installedSizeBytes: 0,
    added: [],
    removed: [],
    changed: [],
    ...values,
  });
  const savings: Savings = {
    total: { packages: 9, sizeBytes: 40 * KIBI, installedSizeBytes: 90 * KIBI },
    base: { packages: 3, sizeBytes: 10 * KIBI, installedSizeBytes: 30 * KIBI },
    lines: [
      saving("big", 4, { packages: -4, sizeBytes: -20 * KIBI, installedSizeBytes: -50 * KIBI }),
      saving("kept", 5, { keptBy: chain("app", 6, ["kept (>= 1)", "kept 1"]) }),
      saving("twice", 7, { keptBy: chain("twice", 8) }),
      saving("swap", 9, {
        packages: 1,
        sizeBytes: KIBI,
        installedSizeBytes: 2 * KIBI,
        added: [facts("x 1"), facts("y 1")],
      }),
    ],
  };

  it("is a table with reasons", () => {
    expect(savingsText(savings, undefined)).toBe(`\
What removing one line would save, of 9 packages (40 KiB to download, 90 KiB installed):

packages  download  installed  line
       4    20 KiB     50 KiB  systemConfig.packages "big" (t.yml:4:7)
       0       0 B        0 B  systemConfig.packages "kept" (t.yml:5:7): kept, since app depends on kept (>= 1)
       0       0 B        0 B  systemConfig.packages "twice" (t.yml:7:7): kept, since it is also systemConfig.packages "twice"
      -1  -1.0 KiB   -2.0 KiB  systemConfig.packages "swap" (t.yml:9:7): x, y instead

Without any line there would be 3 packages (10 KiB to download, 30 KiB installed).`);
  });

  it("says when no line brings a package in", () => {
    expect(savingsText({ ...savings, lines: [] }, "libc6")).toBe(
      "No line of the template brings in libc6.\nWithout any line there would be 3 packages (10 KiB to download, 30 KiB installed).",
    );
  });
});
