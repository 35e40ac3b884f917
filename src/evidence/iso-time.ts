/** `2026-01-31T12:00:00Z`: ISO 8601 in UTC, in whole seconds, as SPDX wants it. */
export function isoTime(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
