import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PackageFilesSection } from "../../config/index.ts";
import { nodeFiles } from "../../host/index.ts";
import { dpkgSelection, rpmSelection } from "./package-selection.ts";
import { readPathFilter } from "./path-filter.ts";

describe("rpmSelection()", () => {
  it.each<[PackageFilesSection, string[]]>([
    [{}, []],
    [{ documentation: true }, []],
    [{ documentation: false }, ["%_excludedocs 1"]],
    [{ locales: [] }, ["%_install_langs C"]],
    [{ documentation: false, locales: ["de", "pt_BR"] }, ["%_excludedocs 1", "%_install_langs de:pt_BR"]],
  ])("of %j", (section, expected) => {
    expect(rpmSelection(section)?.text.split("\n").slice(1, -1) ?? []).toEqual(expected);
  });
});

describe("dpkgSelection()", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "package-selection-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const PATHS = [
    "usr/share/doc/bash/NEWS.gz",
    "usr/share/doc/bash/copyright",
    "usr/share/man/man1/bash.1.gz",
    "usr/share/man/de/man1/bash.1.gz",
    "usr/share/man/pt_BR/man1/bash.1.gz",
    "usr/share/locale/de/LC_MESSAGES/bash.mo",
    "usr/share/locale/de_AT/LC_MESSAGES/bash.mo",
    "usr/share/locale/den/LC_MESSAGES/bash.mo",
    "usr/share/locale/locale.alias",
    "usr/bin/bash",
  ];

  it.each<[PackageFilesSection, string[]]>([
    [{}, []],
    [{ documentation: false }, PATHS.filter((_, at) => [0, 2, 3, 4].includes(at))],
    [{ locales: [] }, PATHS.filter((_, at) => [3, 4, 5, 6, 7].includes(at))],
    [{ locales: ["de"] }, PATHS.filter((_, at) => [4, 7].includes(at))],
    [{ locales: ["pt_BR"] }, PATHS.filter((_, at) => [3, 5, 6, 7].includes(at))],
    [{ documentation: false, locales: ["de"] }, PATHS.filter((_, at) => [0, 2, 3, 4, 7].includes(at))],
  ])("of %j leaves out %j", async (section, expected) => {
    const selection = dpkgSelection(section);
    if (selection !== undefined) {
      const file = path.join(root, selection.path);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, selection.text);
    }
    const isIncluded = (await readPathFilter({ files: nodeFiles }, root)) ?? (() => true);
    expect(PATHS.filter((name) => !isIncluded({ name: `./${name}`, type: "file" }))).toEqual(expected);
  });
});
