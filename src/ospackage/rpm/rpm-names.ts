/**
 * What rpm lets packages be called, which is also what file names and command lines may be made of; both headers of
 * packages and metadata of repositories are held to it.
 *
 * `%{dist}` is in versions of packages that were built without that macro: unusual, and allowed.
 *
 * @see rpm, build/parsePreamble.c, `ALLOWED_CHARS_NAME` and `ALLOWED_CHARS_VERREL`
 */
export const RPM_NAME = /^[0-9A-Za-z_%][0-9A-Za-z._+%{}-]{0,254}$/;

/** A version, or a release. */
export const RPM_VERSION = /^[0-9A-Za-z._+%{}~^]{1,255}$/;

export const RPM_ARCHITECTURE = /^[0-9A-Za-z_]{1,32}$/;
