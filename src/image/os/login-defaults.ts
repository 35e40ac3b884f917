/** What the distribution gives new accounts. @see login.defs(5) */
export interface LoginDefaults {
  readonly firstUid: number;
  readonly lastUid: number;
  readonly firstGid: number;
  readonly lastGid: number;
  readonly homeMode: number;
  readonly passwordMinDays: number;
  readonly passwordMaxDays: number;
  readonly passwordWarnDays: number;
  readonly firstSubUid: number;
  readonly subUidCount: number;
  readonly firstSubGid: number;
  readonly subGidCount: number;
}

/** Reads /etc/login.defs; what it does not say, or says wrongly, is as in Debian. */
export function parseLoginDefaults(text = ""): LoginDefaults {
  const settings = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [name, value] = line.trim().split(/\s+/);
    if (name !== undefined && name !== "" && !name.startsWith("#") && value !== undefined) settings.set(name, value);
  }
  const number = (name: string, otherwise: number): number => {
    const value = settings.get(name) ?? "";
    if (/^0[0-7]+$/.test(value)) return Number.parseInt(value, 8);
    return /^[0-9]+$/.test(value) ? Number(value) : otherwise;
  };
  return {
    firstUid: number("UID_MIN", 1000),
    lastUid: number("UID_MAX", 60_000),
    firstGid: number("GID_MIN", 1000),
    lastGid: number("GID_MAX", 60_000),
    homeMode: number("HOME_MODE", 0o700),
    passwordMinDays: number("PASS_MIN_DAYS", 0),
    passwordMaxDays: number("PASS_MAX_DAYS", 99_999),
    passwordWarnDays: number("PASS_WARN_AGE", 7),
    firstSubUid: number("SUB_UID_MIN", 100_000),
    subUidCount: number("SUB_UID_COUNT", 65_536),
    firstSubGid: number("SUB_GID_MIN", 100_000),
    subGidCount: number("SUB_GID_COUNT", 65_536),
  };
}
