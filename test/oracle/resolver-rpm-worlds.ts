import type { World } from "./resolver-rpm-dnf.ts";
import { smallMetadata, type SmallRpm } from "./resolver-rpm-metadata.ts";
import { pick, type Random, seededRandom } from "./seeded-random.ts";

const NAMES = ["a", "b", "c", "d", "e", "f"];
const SETS_EACH = 4;

/**
 * Many small worlds side by side in two repositories, the first with the higher priority: a few packages that have every
 * kind of relation among themselves, and sets to ask for. The same for the same seed.
 */
export function randomWorlds(count: number, seed: number): World {
  const random = seededRandom(seed);
  const worlds = Array.from({ length: count }, (_, at) => randomWorld(`w${at}`, random));
  const metadata = (priority: number, packages: readonly SmallRpm[]) =>
    smallMetadata(packages, { id: `priority-${priority}`, priority });
  return {
    name: `${count} worlds`,
    repositories: [
      metadata(
        600,
        worlds.flatMap(({ first }) => first),
      ),
      metadata(
        500,
        worlds.flatMap(({ second }) => second),
      ),
    ],
    sets: worlds.flatMap(({ sets }) => sets),
  };
}

interface SmallWorld {
  readonly first: readonly SmallRpm[];
  readonly second: readonly SmallRpm[];
  readonly sets: readonly (readonly string[])[];
}

function randomWorld(prefix: string, random: Random): SmallWorld {
  const names = NAMES.map((name) => `${prefix}-${name}`);
  const word: Words = { names, x: `${prefix}-x`, y: `${prefix}-y`, file: `/usr/bin/${prefix}-z`, random };
  const packages = names.flatMap((name) =>
    Array.from({ length: 1 + random(2) }, (_, version): SmallRpm => [`${name} ${version + 1}-1`, fields(word)]),
  );
  const isSplit = random(4) === 0;
  const sets = Array.from({ length: SETS_EACH }, () => [
    ...new Set([...names.filter(() => random(3) === 0), pick(names, random)]),
  ]);
  return {
    first: packages.filter(() => !isSplit || random(3) > 0),
    second: isSplit ? packages.filter(() => random(2) === 0) : [],
    sets,
  };
}

interface Words {
  readonly names: readonly string[];
  readonly x: string;
  readonly y: string;
  readonly file: string;
  readonly random: Random;
}

function fields(words: Words): NonNullable<SmallRpm[1]> {
  const { x, y, file, random } = words;
  return {
    requires: some(random, 2, () => (random(2) === 0 ? capability(words) : rich(words, 0))),
    conflicts: some(random, 4, () => (random(4) === 0 ? richConflict(words) : capability(words))),
    obsoletes: some(random, 5, () => capability(words)),
    provides: some(random, 2, () => pick([x, `${x} = 1`, `${x} = 2`, y, `${y} = 1-2`, file], random)),
    ...(random(4) === 0 ? { files: [file] } : {}),
  };
}

function some(random: Random, oneOf: number, make: () => string): string {
  return Array.from({ length: random(oneOf) === 0 ? 1 + random(2) : 0 }, make).join(",");
}

function capability({ names, x, y, file, random }: Words): string {
  const name = pick([...names, x, y, file], random);
  if (name === file || random(2) === 0) return name;
  return `${name} ${pick(["<", "<=", "=", ">=", ">"], random)} ${pick(["1", "2", "1-1", "2-1"], random)}`;
}

function rich(words: Words, depth: number): string {
  const { random } = words;
  const operand = (): string => (depth < 2 && random(4) === 0 ? rich(words, depth + 1) : capability(words));
  switch (random(6)) {
    case 0:
      return `(${operand()} and ${operand()})`;
    case 1:
      return `(${operand()} if ${operand()})`;
    case 2:
      return `(${operand()} if ${operand()} else ${operand()})`;
    case 3:
      return `(${capability(words)} ${pick(["with", "without"], random)} ${capability(words)})`;
    default:
      return `(${operand()} or ${operand()})`;
  }
}

function richConflict(words: Words): string {
  const [a, b, c] = [capability(words), capability(words), capability(words)];
  const forms = [`(${a} and ${b})`, `(${a} or ${b})`, `(${a} unless ${b})`, `(${a} unless ${b} else ${c})`];
  return pick([...forms, `(${a} with ${b})`], words.random);
}
