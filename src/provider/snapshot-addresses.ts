const DAY_SECONDS = 86_400;

/**
 * Where an archive of all that a repository ever had may keep a file of it: as it was when the suite was signed, and a
 * day later, since archives answer with the last time before that they looked.
 *
 * @param archive its address; without one, or without a date, nobody can be asked
 * @param dateSeconds the suite's Date
 * @see https://snapshot.debian.org/, "Usage"
 */
export function snapshotAddresses(
  archive: string | undefined,
  dateSeconds: number | undefined,
  path: string,
): readonly string[] {
  if (archive === undefined || dateSeconds === undefined) return [];
  const base = archive.replace(/\/+$/, "");
  return [dateSeconds, dateSeconds + DAY_SECONDS].map((seconds) => `${base}/${timestamp(seconds)}/${path}`);
}

/** For example `20260105T120000Z`. */
function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}
