import { defineConfig } from "vitest/config";

const MINUTE_MS = 60_000;
/** The servers of the tests are on this machine: no proxy of its user leads to them. */
const env = { no_proxy: [process.env["no_proxy"] ?? process.env["NO_PROXY"], "127.0.0.1"].filter(Boolean).join() };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          env,
          include: ["src/**/*.test.ts", "test/docs/**/*.test.ts"],
          // None takes long; a busy host may. What never ends is found as well.
          testTimeout: MINUTE_MS,
          hookTimeout: MINUTE_MS,
          // No unit test leaves anything in a module: loading each of them once halves the time.
          isolate: false,
        },
      },
      {
        test: {
          name: "oracle",
          env,
          include: ["test/oracle/**/*.test.ts"],
          // Vitest leaves one processor alone; here it is the other programs that take the time.
          maxWorkers: "100%",
          testTimeout: 30 * MINUTE_MS,
          hookTimeout: 30 * MINUTE_MS,
        },
      },
      {
        test: {
          name: "e2e",
          env,
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 40 * MINUTE_MS,
          hookTimeout: 40 * MINUTE_MS,
          fileParallelism: false,
        },
      },
    ],
  },
});
