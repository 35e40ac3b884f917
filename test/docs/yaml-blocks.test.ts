import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isMapping, loadTemplate } from "../../src/config/index.ts";
import { nodeFiles, readEnvironment } from "../../src/host/index.ts";

const repository = path.resolve(import.meta.dirname, "../..");

interface Block {
  /** For example `docs/templates.md:10`. */
  readonly place: string;
  /** What the block calls itself in a first line such as `# base/server.yml`. */
  readonly name: string | undefined;
  readonly text: string;
}

/** The YAML blocks of a page that are whole templates. */
async function templatesIn(page: string): Promise<Block[]> {
  const text = await readFile(path.join(repository, page), "utf8");
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(({ index, 1: block = "" }) => {
    const value: unknown = parse(block);
    if (!isMapping(value) || !Object.hasOwn(value, "image") || !Object.hasOwn(value, "target")) return [];
    const line = text.slice(0, index).split("\n").length;
    return [{ place: `${page}:${line}`, name: /^# (\S+\.yml)\n/.exec(block)?.[1], text: block }];
  });
}

const pages = ["README.md", ...(await readdir(path.join(repository, "docs"))).map((name) => `docs/${name}`)];
const blocks = (await Promise.all(pages.filter((page) => page.endsWith(".md")).map(templatesIn))).flat();

describe("templates in the documentation", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "yaml-blocks-"));
    for (const { name, text } of blocks.filter((block) => block.name !== undefined)) {
      const file = path.join(directory, name ?? "");
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("are found", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
  });

  it.each(blocks)("$place is valid and can be built", async ({ place, name, text }) => {
    const file = path.join(directory, name ?? `${place.replaceAll(/\W/g, "-")}.yml`);
    await writeFile(file, text);
    const host = {
      files: nodeFiles,
      environment: { ...readEnvironment(), workingDirectory: directory, variables: {} },
    } as Parameters<typeof loadTemplate>[0];
    const { unsupported } = await loadTemplate(host, file, { configDir: path.join(repository, "config") });
    expect(unsupported).toEqual([]);
  });
});
