import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ComposerError } from "../../../core/index.ts";
import type { DebPackage } from "../../deb/index.ts";
import { resolveDeb } from "../resolve-deb.ts";
import { toyRepository } from "../toy-repository.ts";

/** A file of `test/golden/unsatisfiable`: what is asked of which repositories, and what the user is then told. */
interface UnsatisfiableCase {
  readonly about: string;
  readonly repositories: Readonly<Record<string, CaseRepository>>;
  /** The packages of a template, the first in line 10; with a version prefix as `[name, prefix]`. */
  readonly packages: readonly (string | readonly [string, string])[];
  readonly exclude?: readonly string[];
  readonly essential?: boolean;
  readonly expected: string;
}

interface CaseRepository {
  readonly priority?: number;
  readonly allow?: readonly string[];
  readonly packages: Readonly<Record<string, Partial<DebPackage> | null>>;
}

const DIRECTORY = path.resolve(import.meta.dirname, "../../../../test/golden/unsatisfiable");
const files = readdirSync(DIRECTORY).filter((name) => name.endsWith(".yml"));

describe("resolveDeb() explains why there is no solution:", () => {
  it("in at least 40 cases", () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
  });

  it.each(files)("%s", (file) => {
    const { expected, ...asked } = parse(readFileSync(path.join(DIRECTORY, file), "utf8")) as UnsatisfiableCase;
    expect(explanation(asked)).toBe(expected);
  });
});

/** Message, place, details and hint, as the command line shows them. */
function explanation({ repositories, packages, exclude = [], essential = false }: Omit<UnsatisfiableCase, "expected">) {
  try {
    resolveDeb({
      repositories: Object.entries(repositories).map(([id, { priority, allow, packages: offered }]) =>
        toyRepository(
          Object.entries(offered).map(([nameAndVersion, fields]) => [nameAndVersion, fields ?? {}] as const),
          {
            id,
            ...(priority === undefined ? {} : { priority }),
            ...(allow === undefined ? {} : { allowPackages: allow }),
          },
        ),
      ),
      architecture: "amd64",
      requests: packages.map((request, at) => {
        const [text, versionPrefix] = typeof request === "string" ? [request] : request;
        return {
          text,
          ...(versionPrefix === undefined ? {} : { versionPrefix }),
          origin: "systemConfig.packages",
          position: { file: "edge.yml", line: 10 + at, column: 7 },
        };
      }),
      includeEssential: essential,
      exclude,
    });
  } catch (error) {
    if (!(error instanceof ComposerError)) throw error;
    const { code, message, details, hint = "" } = error;
    return [`${code}: ${message}`, "", ...details, "", `hint: ${hint}`, ""].join("\n");
  }
  return "resolving succeeded\n";
}
