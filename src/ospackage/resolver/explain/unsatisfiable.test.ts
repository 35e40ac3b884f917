import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ComposerError } from "../../../core/index.ts";
import type { DebPackage } from "../../deb/index.ts";
import { resolveDeb } from "../resolve-deb.ts";
import { resolveRpm } from "../resolve-rpm.ts";
import { toyRepository } from "../toy-repository.ts";
import { toyRpmRepository, type ToyRpmFields } from "../toy-rpm-repository.ts";

/** A file of `test/golden/unsatisfiable*`: what is asked of which repositories, and what the user is then told. */
interface UnsatisfiableCase<Fields> {
  readonly about: string;
  readonly repositories: Readonly<Record<string, CaseRepository<Fields>>>;
  /** The packages of a template, the first in line 10; with a version prefix as `[name, prefix]`. */
  readonly packages: readonly (string | readonly [string, string])[];
  /** Its exclusions, the first in line 30. */
  readonly exclude?: readonly string[];
  readonly essential?: boolean;
  readonly expected: string;
}

interface CaseRepository<Fields> {
  readonly priority?: number;
  readonly allow?: readonly string[];
  readonly packages: Readonly<Record<string, Fields | null>>;
}

const GOLDEN = path.resolve(import.meta.dirname, "../../../../test/golden");

describe("resolveDeb() explains why there is no solution:", () => {
  const directory = path.join(GOLDEN, "unsatisfiable");
  const files = casesIn(directory);

  it("in at least 40 cases", () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
  });

  it.each(files)("%s", (file) => {
    const asked = readCase<Partial<DebPackage>>(path.join(directory, file));
    const { essential = false } = asked;
    const explanation = explanationOf(() =>
      resolveDeb({
        repositories: repositoriesOf(asked).map(([packages, source]) => toyRepository(packages, source)),
        architecture: "amd64",
        requests: requestsOf(asked),
        includeEssential: essential,
        exclude: exclusionsOf(asked),
      }),
    );
    expect(explanation).toBe(asked.expected);
  });
});

describe("resolveRpm() explains why there is no solution:", () => {
  const directory = path.join(GOLDEN, "unsatisfiable-rpm");
  const files = casesIn(directory);

  it("in at least 15 cases", () => {
    expect(files.length).toBeGreaterThanOrEqual(15);
  });

  it.each(files)("%s", (file) => {
    const asked = readCase<ToyRpmFields>(path.join(directory, file));
    const explanation = explanationOf(() =>
      resolveRpm({
        repositories: repositoriesOf(asked).map(([packages, source]) => toyRpmRepository(packages, { source })),
        architecture: "x86_64",
        requests: requestsOf(asked),
        exclude: exclusionsOf(asked),
      }),
    );
    expect(explanation).toBe(asked.expected);
  });
});

function casesIn(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".yml"));
}

function readCase<Fields>(file: string): UnsatisfiableCase<Fields> {
  return parse(readFileSync(file, "utf8")) as UnsatisfiableCase<Fields>;
}

function repositoriesOf<Fields extends object>({ repositories }: UnsatisfiableCase<Fields>) {
  return Object.entries(repositories).map(([id, { priority, allow, packages }]) => {
    const offered = Object.entries(packages).map(([nameAndVersion, fields]): readonly [string, Partial<Fields>] => [
      nameAndVersion,
      fields ?? {},
    ]);
    const source = {
      id,
      ...(priority === undefined ? {} : { priority }),
      ...(allow === undefined ? {} : { allowPackages: allow }),
    };
    return [offered, source] as const;
  });
}

function exclusionsOf({ exclude = [] }: UnsatisfiableCase<unknown>) {
  return exclude.map((text, at) => ({ text, position: { file: "edge.yml", line: 30 + at, column: 7 } }));
}

function requestsOf({ packages }: UnsatisfiableCase<unknown>) {
  return packages.map((request, at) => {
    const [text, versionPrefix] = typeof request === "string" ? [request] : request;
    return {
      text,
      ...(versionPrefix === undefined ? {} : { versionPrefix }),
      origin: "systemConfig.packages",
      position: { file: "edge.yml", line: 10 + at, column: 7 },
    };
  });
}

/** Message, place, details and hint, as the command line shows them. */
function explanationOf(resolve: () => unknown): string {
  try {
    resolve();
  } catch (error) {
    if (!(error instanceof ComposerError)) throw error;
    const { code, message, details, hint = "" } = error;
    return [`${code}: ${message}`, "", ...details, "", `hint: ${hint}`, ""].join("\n");
  }
  return "resolving succeeded\n";
}
