import { afterAll, expect, it } from "vitest";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";
import { debianMetadata, randomSets } from "./resolver-rpm-debian.ts";
import { askDnf, hasDnf, openMetadata, type World } from "./resolver-rpm-dnf.ts";
import { explainRpmDifference, isSame, ourAnswer } from "./resolver-rpm-rules.ts";

const isFull = process.env["OIC_TEST_FULL"] !== undefined;
const LONG_MS = 900_000;
/** Of the sets that can be installed. */
const LEAST_SAME = 0.95;
/** How many packages, how many sets are asked of them, and whether weak dependencies count. */
const UNIVERSES: readonly (readonly [packages: number, sets: number, weak: "alone" | "with weak ones"])[] = isFull
  ? [
      [5_000, 300, "alone"],
      [60_000, 100, "alone"],
      [5_000, 300, "with weak ones"],
    ]
  : [
      [5_000, 60, "alone"],
      [5_000, 60, "with weak ones"],
    ];

const archive = await openAptArchive("trixie");
afterAll(() => archive?.remove());

describeNeeding(
  { "apt and Debian's keys": archive !== undefined, dnf: hasDnf() },
  "resolveRpm() and dnf on Debian's packages as rpm metadata",
  () => {
    it.each(UNIVERSES)(
      "%i packages, %i sets, requirements %s: the same yes or no, the same packages in nearly all",
      (packageCount, setCount, weak) => {
        const metadata = debianMetadata(new TextDecoder().decode(archive?.packages), packageCount);
        const repositories = [openMetadata(metadata)];
        const installWeak = weak !== "alone";
        const sets = randomSets(repositories, setCount);
        const world: World = { name: "debian", repositories: [metadata], installWeak, sets };
        const [answers = []] = askDnf([world]);
        const explained = new Map<string, number>();
        const unexplained: string[] = [];
        const disagreed: string[] = [];
        let satisfiable = 0;
        let same = 0;
        for (const [at, requests] of sets.entries()) {
          const theirs = answers[at] ?? { problem: "no answer" };
          const ours = ourAnswer({ repositories, requests, installWeak });
          if ("packages" in theirs) satisfiable += 1;
          if ("packages" in ours !== "packages" in theirs) disagreed.push(requests.join(" "));
          else if (isSame(ours, theirs)) same += "packages" in ours ? 1 : 0;
          else {
            const rules = explainRpmDifference({ repositories, requests, installWeak }, theirs);
            if (rules === undefined) unexplained.push(requests.join(" "));
            for (const rule of rules ?? []) explained.set(rule, (explained.get(rule) ?? 0) + 1);
          }
        }
        const figures = `${repositories[0]?.index.packageCount} packages, ${setCount} sets, ${satisfiable} satisfiable`;
        console.log(`${figures}, of which ${same} the same; differences by rule:`, Object.fromEntries(explained));
        expect(disagreed).toEqual([]);
        expect(unexplained).toEqual([]);
        expect(same / satisfiable).toBeGreaterThanOrEqual(LEAST_SAME);
        expect(satisfiable).toBeGreaterThan(setCount / 4);
        expect(satisfiable).toBeLessThan(setCount);
      },
      LONG_MS,
    );
  },
);
