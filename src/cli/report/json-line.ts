import type { BuildEvent } from "../../core/index.ts";
import { redact } from "./redact.ts";

/** An event as one line of JSON: its members, and `time` in UTC. Control characters are escaped by JSON itself. */
export function formatJsonLine(event: BuildEvent, nowMs: number, secrets: readonly string[] = []): string {
  const line = JSON.stringify({ time: new Date(nowMs).toISOString(), ...event }, (_key, value: unknown) =>
    typeof value === "string" ? redact(value, secrets) : value,
  );
  // Bidirectional controls and C1 are legal in JSON, and are no less able to deceive a terminal there.
  return line.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
