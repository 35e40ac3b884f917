import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../../core/index.ts";
import { nodeFiles } from "../../../host/index.ts";
import { keepCheckedPayloads, readCheckedPayloads } from "./checked-payloads.ts";

const host = { files: nodeFiles };
const CODE = "this version";
const [one, two] = [sha256("one"), sha256("two")];

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "checked-payloads-"));
  file = path.join(directory, "cache/checked");
});
afterEach(() => rmSync(directory, { recursive: true }));

const read = (code = CODE) => readCheckedPayloads(host, file, code);

describe("the payloads that were checked", () => {
  it("are none at first, and all that any build found right later", async () => {
    expect(await read()).toEqual(new Set());
    await keepCheckedPayloads(host, file, CODE, new Set(), [one]);
    await keepCheckedPayloads(host, file, CODE, await read(), [two, one]);
    expect(await read()).toEqual(new Set([one, two]));
  });

  it("are none when another version of the program checked them", async () => {
    await keepCheckedPayloads(host, file, CODE, new Set(), [one]);
    expect(await read("another version")).toEqual(new Set());
  });

  it("are forgotten, the oldest first, when there are too many", async () => {
    const many = new Set(Array.from({ length: 20_000 }, (_, number) => sha256(String(number))));
    await keepCheckedPayloads(host, file, CODE, many, [one]);
    const kept = await read();
    const wanted = [one, sha256("0"), sha256("19999")].map((digest) => kept.has(digest));
    expect([kept.size, ...wanted]).toEqual([20_000, true, true, false]);
  });

  it("are none where the file is damaged", async () => {
    await keepCheckedPayloads(host, file, CODE, new Set(), [one]);
    writeFileSync(file, `${CODE}\nx${one}\n\0`);
    expect(await read()).toEqual(new Set());
  });
});
