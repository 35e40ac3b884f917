import { describe, expect, it } from "vitest";
import { createProcessRunner } from "./processes.ts";

const sh = (script: string) => ["sh", "-c", script] as const;

describe("ProcessRunner.run()", () => {
  const processes = createProcessRunner();

  it("says how a program ended, and shows its last lines", async () => {
    const failing = processes.run({ argv: sh("echo first; echo second >&2; exit 7") });
    await expect(failing).rejects.toMatchObject({
      code: "HOST_PROGRAM_FAILED",
      message: 'Cannot run "sh": it ended with exit code 7',
      details: expect.arrayContaining(["first", "second"]) as unknown,
    });
  });

  it("calls a program by its name when another one only starts it", async () => {
    const failing = processes.run({ argv: sh("exit 1"), name: "mke2fs" });
    await expect(failing).rejects.toMatchObject({ message: 'Cannot run "mke2fs": it ended with exit code 1' });
    const missing = processes.run({ argv: ["no-such-starter"], name: "mke2fs" });
    await expect(missing).rejects.toMatchObject({
      code: "HOST_TOOL_MISSING",
      message: expect.stringContaining("no-such-starter") as unknown,
    });
  });

  it("tells a full disk from other failures", async () => {
    const failing = processes.run({ argv: sh("echo 'cat: write error: No space left on device' >&2; exit 1") });
    await expect(failing).rejects.toMatchObject({
      code: "HOST_DISK_FULL",
      hint: expect.stringContaining("--work-dir") as unknown,
    });
    const lucky = processes.run({ argv: sh("echo 'No space left on device' >&2") });
    await expect(lucky).resolves.toMatchObject({ exitCode: 0 });
  });
});
