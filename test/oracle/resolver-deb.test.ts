import { afterAll, describe, expect, it } from "vitest";
import { isComposerError } from "../../src/core/index.ts";
import {
  resolveDeb,
  versionSatisfies,
  type RepositoryIndex,
  type DebPackage,
  type Resolution,
} from "../../src/ospackage/index.ts";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";
import { doseFailures, hasDose, itself, pseudoPackage, stanza } from "./resolver-dose.ts";
import { orderFaults } from "./resolver-order.ts";
import { randomRootSets, relationText, requestText, type RootSet, type SetRoot } from "./resolver-root-sets.ts";

/** For each of the universes; the long tests take all of the 300. */
const SETS_EACH = process.env["OIC_TEST_FULL"] === undefined ? 20 : 100;

const trixie = await openAptArchive("trixie");
const bookworm = await openAptArchive("bookworm");
afterAll(() => {
  trixie?.remove();
  bookworm?.remove();
});

describeNeeding(
  { "apt and Debian's keys": trixie !== undefined && bookworm !== undefined, "dose-distcheck": hasDose() },
  "resolveDeb() on real indexes",
  () => {
    if (trixie === undefined || bookworm === undefined) return;
    const universes: readonly (readonly [string, readonly RepositoryIndex[]])[] = [
      ["Debian 13", [trixie.repository]],
      ["Debian 12", [bookworm.repository]],
      // Two versions of nearly every package.
      ["Debian 13 and 12 together", [trixie.repository, bookworm.repository]],
    ];

    describe.each(universes)("%s", (universe, repositories) => {
      const seed = universe.length;
      const packages = repositories.flatMap(({ index }) => [...index.names()].flatMap((name) => index.byName(name)));
      const base = [...new Set(repositories.flatMap(({ index }) => [...index.essential(), ...index.required()]))].map(
        ({ name }) => ({ name }),
      );
      const versions = Map.groupBy(packages, ({ name }) => name);
      const sets = randomRootSets(SETS_EACH, packages, seed);
      const solutions = new Map<RootSet, Resolution<DebPackage>>();

      /** Providers fill a request only where no package of the name does. */
      function relationOf(root: SetRoot): string {
        const { name, operator, version } = root;
        const isThere = versions.get(name)?.some((candidate) => {
          return (
            operator === undefined || version === undefined || versionSatisfies(candidate.version, operator, version)
          );
        });
        return relationText(isThere === true ? { ...root, name: itself(name) } : root);
      }

      function tryToResolve({ roots }: RootSet): Resolution<DebPackage> | undefined {
        const requests = roots.map((root) => ({ text: requestText(root), origin: "oracle" }));
        try {
          return resolveDeb({ repositories, architecture: "amd64", requests, includeEssential: true });
        } catch (error) {
          if (isComposerError(error, "RESOLVER_UNSATISFIABLE") || isComposerError(error, "RESOLVER_UNKNOWN_PACKAGE")) {
            return undefined;
          }
          throw error;
        }
      }

      it("says yes and no where dose-debcheck does", () => {
        const pseudo = sets.map(({ name, roots }) => pseudoPackage(name, [...base, ...roots].map(relationOf)));
        const universe = new Set(packages.map(stanza));
        const names = sets.map(({ name }) => name);
        const broken = doseFailures([...universe, ...pseudo], names);
        expect(broken.size).toBeGreaterThanOrEqual(sets.length / 3);
        expect(broken.size).toBeLessThan((sets.length * 2) / 3);
        for (const set of sets) {
          const resolution = tryToResolve(set);
          if (resolution !== undefined) solutions.set(set, resolution);
          const told = `${set.name}, ${set.kind}: ${set.roots.map(relationText).join(", ")}`;
          expect(resolution === undefined, told).toBe(broken.has(set.name));
        }
      });

      it("chooses sets that are complete and consistent for dose-debcheck", () => {
        expect(solutions.size).toBeGreaterThan(sets.length / 3);
        for (const [{ name, roots }, resolution] of solutions) {
          const chosen = resolution.packages.map((resolved) => resolved.package);
          const stanzas = [
            ...chosen.map(stanza),
            // All of them at once, and nothing but them.
            pseudoPackage(
              "everything",
              chosen.map(({ name, version }) => relationText({ name, operator: "=", version })),
            ),
            pseudoPackage("roots", [...base, ...roots].map(relationOf)),
          ];
          expect([...doseFailures(stanzas, ["everything", "roots"])], name).toEqual([]);
        }
      });

      it("puts what a package needs before it, Pre-Depends even in circles", () => {
        let excused = 0;
        for (const [{ name }, resolution] of solutions) {
          const order = orderFaults(resolution);
          expect(order.faults, name).toEqual([]);
          excused += order.excused;
        }
        // There are circles in Debian, so that a test without any would say little.
        expect(excused).toBeGreaterThan(0);
      });
    });
  },
);
