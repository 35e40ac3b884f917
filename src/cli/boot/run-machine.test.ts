import { describe, expect, it } from "vitest";
import type { AttachedProcess, StartAttached } from "../../host/index.ts";
import { runUntilExpected } from "./run-machine.ts";

interface Play {
  /** What the machine says at once. */
  readonly says: readonly string[];
  /** It ends by itself with this exit code. */
  readonly exitCode?: number;
}

function machine({ says, exitCode }: Play) {
  let stops = 0;
  const start: StartAttached = ({ onOutput }): AttachedProcess => {
    const end = Promise.withResolvers<{ exitCode: number | null; signal: string | null }>();
    queueMicrotask(() => {
      for (const text of says) onOutput?.(Buffer.from(text));
      if (exitCode !== undefined) end.resolve({ exitCode, signal: null });
    });
    return {
      ended: end.promise,
      stop: async () => {
        stops += 1;
        end.resolve({ exitCode: null, signal: "SIGTERM" });
      },
    };
  };
  return { start, stops: () => stops };
}

async function boot(play: Play, signal = new AbortController().signal) {
  const { start, stops } = machine(play);
  let shown = "";
  const outcome = await runUntilExpected(start, {
    argv: ["qemu"],
    text: "login:",
    timeoutMs: 50,
    onOutput: (chunk) => (shown += Buffer.from(chunk).toString()),
    signal,
  }).then(
    () => "found",
    (error: unknown) => error,
  );
  return { outcome, shown, stops: stops() };
}

describe("runUntilExpected()", () => {
  it("ends the machine once the text appears, and shows nothing after it", async () => {
    const { outcome, shown, stops } = await boot({ says: ["host log", "in: ", "QEMU was told to end"] });
    expect([outcome, shown, stops]).toEqual(["found", "host login: ", 1]);
  });

  it("counts a text that a machine says as its last", async () => {
    expect((await boot({ says: ["login:"], exitCode: 1 })).outcome).toBe("found");
  });

  it("fails with the last lines when the machine ends or the time is over", async () => {
    const ended = await boot({ says: ["qemu: no such file\n"], exitCode: 1 });
    expect(ended.outcome).toMatchObject({
      code: "BOOT_EXPECTATION_FAILED",
      message: 'Cannot find "login:" on the serial line: the machine ended (exit code 1)',
      details: ["qemu: no such file"],
    });
    const late = await boot({ says: ["starting\n"] });
    expect(late.outcome).toMatchObject({
      code: "BOOT_EXPECTATION_FAILED",
      message: 'Cannot find "login:" on the serial line: it did not appear within 0.05 s',
      details: ["starting"],
    });
    expect(late.stops).toBe(1);
  });

  it("stops when it is interrupted, also before it began", async () => {
    const { outcome, stops } = await boot({ says: ["starting"] }, AbortSignal.abort());
    expect(outcome).toMatchObject({ code: "INTERRUPTED" });
    expect(stops).toBe(1);
  });
});
