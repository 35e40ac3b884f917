import { afterAll, expect, it } from "vitest";
import { parseRelations, parseStanzas } from "../../src/ospackage/index.ts";
import { parseRpmRelations } from "../../src/ospackage/rpm/rpm-relations.ts";
import { debianAsFileLists, debianAsPrimary } from "../fixtures/debian-as-primary.ts";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";
import { askDnf, hasDnf, openMetadata, type World } from "./resolver-rpm-dnf.ts";
import { explainRpmDifference, isSame, ourAnswer } from "./resolver-rpm-rules.ts";
import { pick, seededRandom } from "./seeded-random.ts";

const isFull = process.env["OIC_TEST_FULL"] !== undefined;
const LONG_MS = 900_000;
const LARGEST_SET = 12;
/** How many packages, and how many sets are asked of them. */
const UNIVERSES: readonly (readonly [packages: number, sets: number])[] = isFull
  ? [
      [5_000, 300],
      [60_000, 100],
    ]
  : [[5_000, 60]];

const archive = await openAptArchive("trixie");
afterAll(() => archive?.remove());

describeNeeding(
  { "apt and Debian's keys": archive !== undefined, dnf: hasDnf() },
  "resolveRpm() and dnf on Debian's packages as rpm metadata",
  () => {
    it.each(UNIVERSES)(
      "%i packages: the same yes or no, and differences only by rules",
      (packageCount, setCount) => {
        const text = largestPart(new TextDecoder().decode(archive?.packages), packageCount);
        const metadata = {
          id: "debian",
          priority: 500,
          primary: debianAsPrimary(text),
          fileLists: debianAsFileLists(text),
        };
        const repositories = [openMetadata(metadata)];
        const world: World = { name: "debian", repositories: [metadata], sets: randomSets(repositories, setCount) };
        const [answers = []] = askDnf([world]);
        const explained = new Map<string, number>();
        const unexplained: string[] = [];
        const disagreed: string[] = [];
        let satisfiable = 0;
        let same = 0;
        for (const [at, requests] of world.sets.entries()) {
          const theirs = answers[at] ?? { problem: "no answer" };
          const ours = ourAnswer({ repositories, requests });
          if ("packages" in theirs) satisfiable += 1;
          if ("packages" in ours !== "packages" in theirs) disagreed.push(requests.join(" "));
          else if (isSame(ours, theirs)) same += "packages" in ours ? 1 : 0;
          else {
            const rules = explainRpmDifference({ repositories, requests }, theirs);
            if (rules === undefined) unexplained.push(requests.join(" "));
            for (const rule of rules ?? []) explained.set(rule, (explained.get(rule) ?? 0) + 1);
          }
        }
        const figures = `${repositories[0]?.index.packageCount} packages, ${setCount} sets, ${satisfiable} satisfiable`;
        console.log(`${figures}, of which ${same} the same; differences by rule:`, Object.fromEntries(explained));
        expect(disagreed).toEqual([]);
        expect(unexplained).toEqual([]);
        expect(satisfiable).toBeGreaterThan(setCount / 4);
        expect(satisfiable).toBeLessThan(setCount);
      },
      LONG_MS,
    );
  },
);

/** Stanzas of a Packages index: some at random and what they depend on, until there are enough. */
function largestPart(text: string, count: number): string {
  const blocks = text.split(/\n\n+/).filter((block) => block !== "");
  if (blocks.length <= count) return text;
  const blockOf = new Map<string, string>();
  const needsOf = new Map<string, readonly string[]>();
  for (const block of blocks) {
    const [stanza] = parseStanzas(`${block}\n`);
    const name = stanza?.get("Package") ?? "";
    if (blockOf.has(name)) continue;
    blockOf.set(name, block);
    const relations = parseRelations(
      [stanza?.get("Depends"), stanza?.get("Pre-Depends")].filter((field) => field !== undefined).join(", "),
    );
    needsOf.set(
      name,
      relations.flat().map((relation) => relation.name),
    );
  }
  const random = seededRandom(count);
  const names = [...blockOf.keys()];
  const chosen = new Set<string>();
  while (chosen.size < Math.min(count, names.length)) {
    const open = [pick(names, random)];
    for (let name = open.pop(); name !== undefined && chosen.size < count; name = open.pop()) {
      if (chosen.has(name) || !blockOf.has(name)) continue;
      chosen.add(name);
      open.push(...(needsOf.get(name) ?? []));
    }
  }
  return [...chosen].map((name) => `${blockOf.get(name)}\n`).join("\n");
}

/** Of three sets, one also has a package and a rival of it, or a version that nobody has. */
function randomSets(repositories: readonly ReturnType<typeof openMetadata>[], count: number) {
  const random = seededRandom(count);
  const packages = repositories.flatMap(({ index }) => [...index.names()].flatMap((name) => index.byName(name)));
  const names = new Set(packages.map(({ name }) => name));
  const rivals = packages.flatMap(({ name, conflicts }) =>
    parseRpmRelations(conflicts).flatMap((entry) =>
      entry.kind === "capability" && entry.operator === undefined && names.has(entry.name) ? [[name, entry.name]] : [],
    ),
  );
  return Array.from({ length: count }, (_, at) => {
    const chosen = Array.from({ length: 1 + random(LARGEST_SET) }, () => pick(packages, random).name);
    if (at % 3 === 0) chosen.push(...pick(rivals, random));
    if (at % 9 === 1) chosen.push(`${pick(packages, random).name} > 999`);
    return [...new Set(chosen)];
  });
}
