/** The end of the year 9999, in seconds since 1970. */
export const MAX_SECONDS = 253_402_300_799;

/** A time as a lock may have it; undefined for what is none: packages say what they want. */
export function lockableTime(seconds: number | undefined): number | undefined {
  return seconds !== undefined && Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS
    ? seconds
    : undefined;
}
