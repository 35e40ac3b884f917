import { ComposerError, formatSize, parseSha256 } from "../../core/index.ts";
import { PRIMARY_ATTRIBUTE as ATTRIBUTE, PRIMARY_ELEMENT as ELEMENT } from "./primary-vocabulary.ts";
import { RPM_RECORD_FIELDS, type RpmRecordField } from "./rpm-record.ts";
import { isSafeBaseUrl, isSafeRelativePath } from "./safe-path.ts";
import type { XmlScanner } from "./xml-scanner.ts";

/** What a package says about itself outside of its relations, as text. */
export type PrimaryFields = Partial<Record<RpmRecordField | "vendor" | "checksumType", string>>;

const MAX_PACKAGE_BYTES = 16 * 1024 ** 3;
const MAX_INSTALLED_BYTES = 1024 ** 4;
const MAX_TIME_SECONDS = 2 ** 33;
const MAX_TEXT_LENGTH = 16 * 1024;

const NAME = /^[0-9A-Za-z_][0-9A-Za-z._+-]{0,254}$/;
const ARCHITECTURE = /^[0-9A-Za-z_]{1,32}$/;
const VERSION = /^[0-9A-Za-z._+~^]{1,255}$/;
const EPOCH = /^[0-9]{1,10}$/;

const WEAK_CHECKSUMS: readonly string[] = ["md5", "sha", "sha1", "sha224"];

/** Reads the element whose start tag was read last into the fields, and moves behind it; unknown ones are skipped. */
export function readPrimaryField(scanner: XmlScanner, fields: PrimaryFields): void {
  const element = scanner.element();
  const attribute = (number: number): string => scanner.attribute(number) ?? "";
  const set = (name: keyof PrimaryFields, value: string): void => {
    if (fields[name] !== undefined)
      throw scanner.fault(`the package "${fields.name ?? ""}" has two values of its ${name}`);
    if (value.length > MAX_TEXT_LENGTH) throw scanner.fault(`a ${name} takes ${formatSize(value.length)}`);
    fields[name] = value;
  };
  switch (element) {
    case ELEMENT.version:
      set("version", versionOf(scanner));
      return scanner.skip();
    case ELEMENT.time:
      set("buildTime", attribute(ATTRIBUTE.build));
      return scanner.skip();
    case ELEMENT.size:
      set("size", attribute(ATTRIBUTE.package));
      set("installedSize", attribute(ATTRIBUTE.installed));
      return scanner.skip();
    case ELEMENT.location:
      set("path", attribute(ATTRIBUTE.href));
      set("baseUrl", attribute(ATTRIBUTE["xml:base"]).replace(/(?<=[^/])$/, "/"));
      return scanner.skip();
    case ELEMENT.checksum:
      set("checksumType", attribute(ATTRIBUTE.type));
      return set("sha256", scanner.text());
    default: {
      const name = TEXT_ELEMENTS.get(element);
      return name === undefined ? scanner.skip() : set(name, scanner.text().trim());
    }
  }
}

const TEXT_ELEMENTS: ReadonlyMap<number, keyof PrimaryFields> = new Map([
  [ELEMENT.name, "name"],
  [ELEMENT.arch, "architecture"],
  [ELEMENT.packager, "maintainer"],
  [ELEMENT.url, "homepage"],
  [ELEMENT["rpm:license"], "licence"],
  [ELEMENT["rpm:vendor"], "vendor"],
  [ELEMENT["rpm:group"], "group"],
  [ELEMENT["rpm:sourcerpm"], "sourceRpm"],
]);

/** `[epoch:]version-release`, epoch 0 left out. */
function versionOf(scanner: XmlScanner): string {
  const epoch = scanner.attribute(ATTRIBUTE.epoch) ?? "0";
  const version = scanner.attribute(ATTRIBUTE.ver) ?? "";
  const release = scanner.attribute(ATTRIBUTE.rel) ?? "";
  if (!EPOCH.test(epoch) || !VERSION.test(version) || !VERSION.test(release)) {
    const shown = `${epoch}:${version}-${release}`.slice(0, 200);
    throw scanner.fault(`a package has the version ${JSON.stringify(shown)}, which is none`);
  }
  return `${Number(epoch) === 0 ? "" : `${Number(epoch)}:`}${version}-${release}`;
}

/**
 * The lines of a record that every package has.
 *
 * @throws {REPOSITORY_WEAK_DIGEST} its only checksum is SHA-1 or MD5
 * @throws {REPOSITORY_METADATA_INVALID} something is missing, impossible or unsafe
 */
export function recordHead(fields: PrimaryFields, scanner: XmlScanner): string {
  const { name = "", architecture = "", version, path = "", baseUrl = "", checksumType = "" } = fields;
  const refuse = (state: string): ComposerError => {
    const which = NAME.test(name) ? `the package "${name}"` : "a package";
    return scanner.fault(`${which} ${state}`);
  };
  if (!NAME.test(name)) throw refuse(name === "" ? "has no name" : "has a name that is none");
  if (!ARCHITECTURE.test(architecture)) throw refuse("has no architecture");
  if (version === undefined) throw refuse("has no version");
  if (WEAK_CHECKSUMS.includes(checksumType)) {
    const { message } = refuse(`has only a checksum of type "${checksumType}"`);
    throw new ComposerError("REPOSITORY_WEAK_DIGEST", message);
  }
  if (checksumType !== "sha256") {
    throw refuse(`has a checksum of type ${JSON.stringify(checksumType.slice(0, 50))}; only sha256 is supported`);
  }
  const sha256 = parseSha256(fields.sha256 ?? "");
  if (sha256 === undefined) throw refuse("has a checksum that is not 64 hexadecimal digits");
  if (!isNumberUpTo(fields.size, MAX_PACKAGE_BYTES)) throw refuse("has no size, or an impossible one");
  const { installedSize = "", buildTime = "" } = fields;
  if (installedSize !== "" && !isNumberUpTo(installedSize, MAX_INSTALLED_BYTES)) {
    throw refuse("has an impossible installed size");
  }
  if (buildTime !== "" && !isNumberUpTo(buildTime, MAX_TIME_SECONDS)) throw refuse("has an impossible build time");
  if (!isSafeRelativePath(path)) throw refuse(`has an unsafe location ${JSON.stringify(path.slice(0, 200))}`);
  if (baseUrl !== "" && !isSafeBaseUrl(baseUrl)) {
    throw refuse(`has an unsafe xml:base ${JSON.stringify(baseUrl.slice(0, 200))}`);
  }
  const maintainer = fields.maintainer || fields.vendor || "";
  const values: PrimaryFields = { ...fields, sha256, maintainer };
  return RPM_RECORD_FIELDS.map((field) => values[field] ?? "").join("\n");
}

function isNumberUpTo(text: string | undefined, limit: number): boolean {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) && Number(text) <= limit;
}
