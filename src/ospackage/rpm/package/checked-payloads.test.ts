import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../../core/index.ts";
import { nodeFiles } from "../../../host/index.ts";
import { keepCheckedPayloads, readCheckedPayloads } from "./checked-payloads.ts";

const host = { files: nodeFiles };
const [one, two] = [sha256("one"), sha256("two")];

let directory: string;
beforeEach(() => {
  directory = path.join(mkdtempSync(path.join(tmpdir(), "checked-payloads-")), "cache");
});
afterEach(() => rmSync(path.dirname(directory), { recursive: true }));

describe("the payloads that were checked", () => {
  it("are none at first, and all that any build found right later", async () => {
    expect(await readCheckedPayloads(host, directory)).toEqual(new Set());
    await keepCheckedPayloads(host, directory, new Set(), [one]);
    await keepCheckedPayloads(host, directory, await readCheckedPayloads(host, directory), [two, one]);
    expect(await readCheckedPayloads(host, directory)).toEqual(new Set([one, two]));
  });

  it("are forgotten, the oldest first, when there are too many", async () => {
    const many = new Set(Array.from({ length: 20_000 }, (_, number) => sha256(String(number))));
    await keepCheckedPayloads(host, directory, many, [one]);
    const kept = await readCheckedPayloads(host, directory);
    expect([kept.size, kept.has(one), kept.has(sha256("0")), kept.has(sha256("19999"))]).toEqual([
      20_000,
      true,
      true,
      false,
    ]);
  });

  it("are none where the file is damaged", async () => {
    await keepCheckedPayloads(host, directory, new Set(), [one]);
    for (const name of readdirSync(directory)) writeFileSync(path.join(directory, name), `x${one}\n\0`);
    expect(await readCheckedPayloads(host, directory)).toEqual(new Set());
  });
});
