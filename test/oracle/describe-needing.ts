import { describe } from "vitest";

/** As `describe()`; without what it needs the tests are skipped, and the title says what is missing. */
export function describeNeeding(needs: Readonly<Record<string, boolean>>, title: string, body: () => void): void {
  const missing = Object.keys(needs).filter((name) => needs[name] === false);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} (skipped without ${missing.join(", ")})`, body);
}
