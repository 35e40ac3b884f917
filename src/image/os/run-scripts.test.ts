import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type BuildEvent, ComposerError } from "../../core/index.ts";
import { type FakeEntries, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { type RunInRoot, runScripts } from "./run-scripts.ts";
import type { ScriptSection } from "./sections.ts";

const IMAGE = { "/usr/bin/bash": "", "/bin": { link: "usr/bin" }, "/usr/bin/env": "", "/usr/bin/python3": "" };

interface Call {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly text: string;
}

async function runAll(
  scripts: readonly ScriptSection[],
  { entries = IMAGE, fail }: { readonly entries?: FakeEntries; readonly fail?: ComposerError } = {},
) {
  using tree = fakeTree(entries);
  const calls: Call[] = [];
  const events: BuildEvent[] = [];
  const sources: string[] = [];
  const run: RunInRoot = async (argv, { env, binds = [], onLine } = {}) => {
    const source = binds[0]?.source ?? "";
    sources.push(source);
    calls.push({ argv, env, text: readFileSync(path.join(source, "script"), "utf8") });
    onLine?.("a line");
    if (fail !== undefined) throw fail;
  };
  const positionOf = () => ({ file: "t.yml", line: 7, column: 3 });
  try {
    await runScripts(tree.host, scripts, {
      ...{ root: tree.root, run, imageRoot: "/", field: "postInstallScripts", place: "the image" },
      ...{ emit: (event) => void events.push(event), positionOf },
    });
  } finally {
    expect(sources.filter((source) => source.startsWith(`${tree.root}/`) || existsSync(source))).toEqual([]);
  }
  return { calls, events };
}

describe("runScripts()", () => {
  it("runs them in order with arguments and environment, and puts what they say into the log", async () => {
    const { calls, events } = await runAll([
      { name: "first", inline: "echo hello\n", arguments: ["a", "b c"], environment: { STAGE: "x", IMAGE_ROOT: "no" } },
      { inline: "two" },
    ]);
    expect(calls).toEqual([
      {
        argv: ["/bin/bash", "/run/os-image-composer/script", "a", "b c"],
        env: { STAGE: "x", IMAGE_ROOT: "/" },
        text: "echo hello\n",
      },
      { argv: ["/bin/bash", "/run/os-image-composer/script"], env: { IMAGE_ROOT: "/" }, text: "two" },
    ]);
    expect(events).toContainEqual({ type: "debug", message: "first: a line" });
    expect(events).toContainEqual(
      expect.objectContaining({ message: 'Running script "systemConfig.postInstallScripts[1]"' }),
    );
  });

  it("reads a file of the host", async () => {
    using source = fakeTree({ "/setup.sh": "#!/bin/bash\n" });
    const { calls, events } = await runAll([{ file: `${source.root}/setup.sh` }]);
    expect(calls[0]?.text).toBe("#!/bin/bash\n");
    expect(events).toContainEqual(expect.objectContaining({ message: 'Running script "setup.sh"' }));
  });

  it.each<[ScriptSection, readonly string[]]>([
    [{ inline: "#!/usr/bin/env python3\n" }, ["/usr/bin/env", "python3"]],
    [{ inline: "#! /bin/bash -e -u \n" }, ["/bin/bash", "-e -u"]],
    [{ inline: "#!/bin/bash" }, ["/bin/bash"]],
    [{ inline: "#!/nowhere\n", interpreter: "/usr/bin/python3" }, ["/usr/bin/python3"]],
    [{ inline: "" }, ["/bin/bash"]],
  ])("takes the interpreter of %j", async (script, expected) => {
    const { calls } = await runAll([script]);
    expect(calls[0]?.argv.slice(0, -1)).toEqual(expected);
  });

  it.each<[ScriptSection, FakeEntries, string]>([
    [{ inline: "x" }, {}, 'its interpreter "/bin/bash" is not in the image'],
    [{ inline: "#!/bin/zsh\n" }, IMAGE, 'its interpreter "/bin/zsh" is not in the image'],
    [{ inline: "#!/bin/bash\r\n" }, IMAGE, "its lines end in CR LF"],
    [{ file: "/missing/script" }, IMAGE, "it does not exist"],
    [{ file: "/" }, IMAGE, "it is no regular file"],
  ])("refuses %j", async (script, entries, state) => {
    await expect(runAll([script], { entries })).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      message: expect.stringContaining(state) as string,
      details: [expect.stringContaining("systemConfig.postInstallScripts[0]")],
    });
  });

  it("names script, place, exit code and last lines of a failure, and leaves nothing", async () => {
    const fail = new ComposerError("HOST_PROGRAM_FAILED", 'Cannot run "/bin/bash": it ended with exit code 3', {
      details: ["boom"],
    });
    await expect(runAll([{ name: "licence", inline: "x" }], { fail })).rejects.toMatchObject({
      code: "CONFIGURATION_COMMAND_FAILED",
      message: 'Cannot run the script "licence": it ended with exit code 3',
      details: ["named at systemConfig.postInstallScripts[0] (t.yml:7:3)", "boom"],
      position: { line: 7 },
    });
  });

  it("gives other errors back as they are", async () => {
    const fail = new ComposerError("INTERRUPTED", "Interrupted");
    await expect(runAll([{ inline: "x" }], { fail })).rejects.toBe(fail);
  });
});
