import { defineConfig } from "vitest/config";

const MINUTE_MS = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/docs/**/*.test.ts"],
          testTimeout: 20_000,
          // No unit test leaves anything in a module: loading each of them once halves the time.
          isolate: false,
        },
      },
      {
        test: {
          name: "oracle",
          include: ["test/oracle/**/*.test.ts"],
          // Vitest leaves one processor alone; here it is the other programs that take the time.
          maxWorkers: "100%",
          testTimeout: 10 * MINUTE_MS,
          hookTimeout: 10 * MINUTE_MS,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 20 * MINUTE_MS,
          hookTimeout: 20 * MINUTE_MS,
          fileParallelism: false,
        },
      },
    ],
  },
});
