import { compareCodeUnits } from "../core/index.ts";

/** The parts of a package URL, not yet encoded. */
export interface PackageUrl {
  /** `deb`, `rpm`, `generic`. */
  readonly type: string;
  /** The vendor: `debian`. */
  readonly namespace?: string;
  readonly name: string;
  readonly version: string;
  readonly qualifiers?: Readonly<Record<string, string>>;
}

/**
 * The text of a package URL: `pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64&distro=debian-13`.
 *
 * @see https://github.com/package-url/purl-spec, section "How to build purl string from its components"
 */
export function formatPackageUrl({ type, namespace, name, version, qualifiers = {} }: PackageUrl): string {
  const place = [type.toLowerCase(), ...(namespace === undefined ? [] : [encode(namespace.toLowerCase())])].join("/");
  const query = Object.entries(qualifiers)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join("&");
  return `pkg:${place}/${encode(name)}@${encode(version)}${query === "" ? "" : `?${query}`}`;
}

/** Everything but letters, digits, `.-_~` and the colon. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%3A|[!'()*]/g, (character) =>
    character === "%3A" ? ":" : `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
