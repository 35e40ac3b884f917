const KIBI = 1024;
const KILO = 1000;

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  K: KIBI,
  KiB: KIBI,
  M: KIBI ** 2,
  MiB: KIBI ** 2,
  G: KIBI ** 3,
  GiB: KIBI ** 3,
  T: KIBI ** 4,
  TiB: KIBI ** 4,
  KB: KILO,
  MB: KILO ** 2,
  GB: KILO ** 3,
  TB: KILO ** 4,
};

export const SIZE_PATTERN = "^(0|[1-9][0-9]*)(B|KiB|MiB|GiB|TiB|K|M|G|T|KB|MB|GB|TB)?$";

/**
 * Bytes of a size as templates write it: `4GiB`, `513M` (binary), `500MB` (decimal), `0`.
 *
 * @returns undefined when the text is no size or is beyond what a number holds exactly
 */
export function parseSize(text: string): number | undefined {
  const match = new RegExp(SIZE_PATTERN).exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] ?? "B"] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size for people: `0 B`, `1.5 KiB`, `98 MiB`; at most three digits before the unit. */
export function formatSize(sizeBytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= KIBI;
    unit += 1;
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
