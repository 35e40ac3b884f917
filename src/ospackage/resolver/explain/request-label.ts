import { ESSENTIAL_ORIGIN } from "../problem.ts";
import type { PackageRequest } from "../package-request.ts";
import { formatPosition } from "../format-position.ts";

/** A request in the template's own words: `systemConfig.packages "nginx"`. */
export function requestLabel({ text, origin, versionPrefix }: PackageRequest): string {
  if (origin === ESSENTIAL_ORIGIN) return `the essential package "${text}"`;
  return `${origin} "${text}"${versionPrefix === undefined ? "" : ` of version ${versionPrefix}`}`;
}

/** A request with the place where it was written, as far as there is one. */
export function requestWithPlace(request: PackageRequest): string {
  return `${requestLabel(request)}${formatPosition(request.position)}`;
}
