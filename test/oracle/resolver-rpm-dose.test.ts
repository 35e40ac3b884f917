import { afterAll, expect, it } from "vitest";
import { describeNeeding } from "./describe-needing.ts";
import { openAptArchive } from "./resolver-apt-archive.ts";
import { hasDose } from "./resolver-dose.ts";
import { debianMetadata, randomSets } from "./resolver-rpm-debian.ts";
import { openMetadata } from "./resolver-rpm-dnf.ts";
import { createCudfWorld, cudfFailures } from "./resolver-rpm-dose.ts";
import { chosenPackages } from "./resolver-rpm-rules.ts";
import { pick, seededRandom } from "./seeded-random.ts";

const isFull = process.env["OIC_TEST_FULL"] !== undefined;
const SETS_EACH = isFull ? 300 : 90;
const UNIVERSES = isFull ? [5_000, 60_000] : [5_000];

const archive = await openAptArchive("trixie");
afterAll(() => archive?.remove());

describeNeeding(
  { "apt and Debian's keys": archive !== undefined, "dose-distcheck": hasDose() },
  "resolveRpm() and dose on Debian's packages as rpm metadata",
  () => {
    it.each(UNIVERSES)("%i packages: the same yes or no, and what is chosen is consistent", (packageCount) => {
      const repository = openMetadata(debianMetadata(new TextDecoder().decode(archive?.packages), packageCount));
      const { index } = repository;
      const packages = [...index.names()].flatMap((name) => index.byName(name));
      const programs = packages.flatMap(({ name }) => (index.ownersOf(`/usr/bin/${name}`).length > 0 ? [name] : []));
      const random = seededRandom(packageCount);
      const sets = randomSets([repository], SETS_EACH).map((requests, at) => ({
        name: `set-${at}`,
        // Of five sets, one also needs the owner of a file.
        requests: at % 5 === 2 ? [...requests, `/usr/bin/${pick(programs, random)}`] : requests,
      }));
      const paths = sets.flatMap(({ requests }) => requests.filter((request) => request.startsWith("/")));
      const world = createCudfWorld(index, paths);
      const pseudo = sets.map(({ name, requests }) => world.pseudoPackage(name, requests));
      const broken = cudfFailures(
        [...packages.map(world.stanza), ...pseudo],
        sets.map(({ name }) => name),
      );
      const disagreed: string[] = [];
      const inconsistent: string[] = [];
      for (const { name, requests } of sets) {
        const chosen = chosenPackages({ repositories: [repository], requests });
        if ((chosen === undefined) !== broken.has(name)) disagreed.push(requests.join(" "));
        if (chosen === undefined) continue;
        const everything = [...chosen.map((one) => `${one.name} = ${one.version}`), ...requests];
        const stanzas = [...chosen.map(world.stanza), world.pseudoPackage("everything", everything)];
        if (cudfFailures(stanzas, ["everything"]).size > 0) inconsistent.push(requests.join(" "));
      }
      console.log(`${packages.length} packages, ${sets.length} sets, ${sets.length - broken.size} satisfiable`);
      expect(disagreed).toEqual([]);
      expect(inconsistent).toEqual([]);
      expect(broken.size).toBeGreaterThan(sets.length / 3);
      expect(broken.size).toBeLessThan((sets.length * 3) / 4);
    });
  },
);
