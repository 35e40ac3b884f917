import { ComposerError, formatSize, isDigestAlgorithm, parseDigest, redactUrl } from "../../core/index.ts";
import { PRIMARY_ATTRIBUTE as ATTRIBUTE, PRIMARY_ELEMENT as ELEMENT } from "./primary-vocabulary.ts";
import { RPM_ARCHITECTURE, RPM_NAME, RPM_VERSION } from "./rpm-names.ts";
import { isSafeBaseUrl, isSafeRelativePath } from "./safe-path.ts";
import type { XmlScanner } from "./xml-scanner.ts";

/** What a package says about itself outside of its relations; undefined: nothing so far. */
export interface PrimaryFields {
  name: string | undefined;
  architecture: string | undefined;
  /** `[epoch:]version-release`, epoch 0 left out. */
  version: string | undefined;
  /** A version that is none, or the beginning of it. */
  wrongVersion: string | undefined;
  wrongRelationVersion: string | undefined;
  checksumType: string | undefined;
  checksum: string | undefined;
  packager: string | undefined;
  homepage: string | undefined;
  buildTime: string | undefined;
  size: string | undefined;
  installedSize: string | undefined;
  path: string | undefined;
  baseUrl: string | undefined;
  licence: string | undefined;
  vendor: string | undefined;
  group: string | undefined;
  sourceRpm: string | undefined;
}

export function noFields(): PrimaryFields {
  return {
    name: undefined,
    architecture: undefined,
    version: undefined,
    wrongVersion: undefined,
    wrongRelationVersion: undefined,
    checksumType: undefined,
    checksum: undefined,
    packager: undefined,
    homepage: undefined,
    buildTime: undefined,
    size: undefined,
    installedSize: undefined,
    path: undefined,
    baseUrl: undefined,
    licence: undefined,
    vendor: undefined,
    group: undefined,
    sourceRpm: undefined,
  };
}

const MAX_PACKAGE_BYTES = 16 * 1024 ** 3;
const MAX_INSTALLED_BYTES = 1024 ** 4;
const MAX_TIME_SECONDS = 2 ** 33;
const MAX_TEXT_LENGTH = 16 * 1024;

const MAX_SHOWN = 200;

const EPOCH = /^[0-9]{1,10}$/;

const WEAK_CHECKSUMS: readonly string[] = ["md5", "sha", "sha1", "sha224"];

/** Reads the element whose start tag was read last into the fields, and moves behind it; unknown ones are skipped. */
export function readPrimaryField(scanner: XmlScanner, fields: PrimaryFields): void {
  switch (scanner.element()) {
    case ELEMENT.name:
      fields.name = once(scanner, fields.name, scanner.text());
      return;
    case ELEMENT.arch:
      fields.architecture = once(scanner, fields.architecture, scanner.text());
      return;
    case ELEMENT.version:
      fields.version = once(scanner, fields.version, versionOf(scanner, fields));
      break;
    case ELEMENT.checksum:
      fields.checksumType = once(scanner, fields.checksumType, scanner.attribute(ATTRIBUTE.type) ?? "");
      fields.checksum = scanner.text();
      return;
    case ELEMENT.packager:
      fields.packager = once(scanner, fields.packager, scanner.text().trim());
      return;
    case ELEMENT.url:
      fields.homepage = once(scanner, fields.homepage, scanner.text().trim());
      return;
    case ELEMENT.time:
      fields.buildTime = once(scanner, fields.buildTime, scanner.attribute(ATTRIBUTE.build) ?? "");
      break;
    case ELEMENT.size:
      fields.size = once(scanner, fields.size, scanner.attribute(ATTRIBUTE.package) ?? "");
      fields.installedSize = scanner.attribute(ATTRIBUTE.installed) ?? "";
      break;
    case ELEMENT.location:
      fields.path = once(scanner, fields.path, scanner.attribute(ATTRIBUTE.href) ?? "");
      fields.baseUrl = (scanner.attribute(ATTRIBUTE["xml:base"]) ?? "").replace(/([^/])$/, "$1/");
      break;
    case ELEMENT["rpm:license"]:
      fields.licence = once(scanner, fields.licence, scanner.text().trim());
      return;
    case ELEMENT["rpm:vendor"]:
      fields.vendor = once(scanner, fields.vendor, scanner.text().trim());
      return;
    case ELEMENT["rpm:group"]:
      fields.group = once(scanner, fields.group, scanner.text().trim());
      return;
    case ELEMENT["rpm:sourcerpm"]:
      fields.sourceRpm = once(scanner, fields.sourceRpm, scanner.text().trim());
      return;
    default:
  }
  scanner.skip();
}

function once(scanner: XmlScanner, before: string | undefined, value: string): string {
  if (before !== undefined) throw scanner.fault("a package says something twice");
  if (value.length > MAX_TEXT_LENGTH) throw scanner.fault(`a text about a package takes ${formatSize(value.length)}`);
  return value;
}

function versionOf(scanner: XmlScanner, fields: PrimaryFields): string {
  const epoch = scanner.attribute(ATTRIBUTE.epoch) ?? "0";
  const version = scanner.attribute(ATTRIBUTE.ver) ?? "";
  const release = scanner.attribute(ATTRIBUTE.rel) ?? "";
  if (version === "" || release === "") {
    throw scanner.fault(`a package has no ${version === "" ? "version" : "release"}`);
  }
  if (!EPOCH.test(epoch) || !RPM_VERSION.test(version) || !RPM_VERSION.test(release)) {
    fields.wrongVersion = `${epoch}:${version}-${release}`.slice(0, MAX_SHOWN);
    return "";
  }
  return `${Number(epoch) === 0 ? "" : `${Number(epoch)}:`}${version}-${release}`;
}

/**
 * The lines of a record that every package has, in the order of `RPM_RECORD_FIELDS`.
 *
 * @throws {REPOSITORY_WEAK_DIGEST} its only checksum is SHA-1 or MD5
 * @throws {REPOSITORY_METADATA_INVALID} something is missing or impossible
 */
export function recordHead(fields: PrimaryFields, scanner: XmlScanner): string {
  const { name = "", architecture = "", version, path = "", baseUrl = "", checksumType = "" } = fields;
  const refuse = (state: string): ComposerError => scanner.fault(`${packageNamed(name)} ${state}`);
  if (name === "") throw refuse("has no name");
  if (architecture === "") throw refuse("has no architecture");
  if (version === undefined) throw refuse("has no version");
  if (path === "") throw refuse("has no location");
  if (WEAK_CHECKSUMS.includes(checksumType)) {
    const { message } = refuse(`has only a checksum of type "${checksumType}"`);
    throw new ComposerError("REPOSITORY_WEAK_DIGEST", message);
  }
  if (!isDigestAlgorithm(checksumType)) {
    const shown = JSON.stringify(checksumType.slice(0, 50));
    throw refuse(`has a checksum of type ${shown}; sha256, sha384 and sha512 are supported`);
  }
  const digest = parseDigest(fields.checksum ?? "", checksumType);
  if (digest === undefined) throw refuse(`has a checksum that is no ${checksumType}`);
  if (!isNumberUpTo(fields.size, MAX_PACKAGE_BYTES)) throw refuse("has no size, or an impossible one");
  const { installedSize = "", buildTime = "" } = fields;
  if (installedSize !== "" && !isNumberUpTo(installedSize, MAX_INSTALLED_BYTES)) {
    throw refuse("has an impossible installed size");
  }
  if (buildTime !== "" && !isNumberUpTo(buildTime, MAX_TIME_SECONDS)) throw refuse("has an impossible build time");
  const { licence = "", group = "", sourceRpm = "", packager = "", vendor = "", homepage = "", size = "" } = fields;
  const numbers = `${size}\n${installedSize}\n${buildTime}`;
  const about = `${licence}\n${group}\n${sourceRpm}\n${packager || vendor}\n${homepage}`;
  return `${name}\n${version}\n${architecture}\n${path}\n${baseUrl}\n${numbers}\n${digest}\n${about}`;
}

/**
 * Why a package whose metadata is complete can't be fetched or named all the same: `the package "x" has …`; undefined when
 * it can.
 */
export function whyUnusable(fields: PrimaryFields): string | undefined {
  const { name = "", architecture = "", wrongVersion, wrongRelationVersion, baseUrl = "" } = fields;
  const state = (what: string, text: string): string =>
    `${packageNamed(name)} has ${what} ${JSON.stringify(text.slice(0, MAX_SHOWN))}`;
  if (!RPM_NAME.test(name)) return `${state("the name", name)}, which is none`;
  if (!RPM_ARCHITECTURE.test(architecture)) return `${state("the architecture", architecture)}, which is none`;
  if (wrongVersion !== undefined) return `${state("the version", wrongVersion)}, which is none`;
  if (wrongRelationVersion !== undefined) {
    return `${state("a relation to the version", wrongRelationVersion)}, which is none`;
  }
  if (baseUrl === "" || isSafeBaseUrl(baseUrl)) return undefined;
  return state("an xml:base that cannot be asked,", redactUrl(baseUrl));
}

/**
 * No mistake in a package makes a location that leads elsewhere.
 *
 * @throws {REPOSITORY_METADATA_INVALID}
 */
export function requireSafeLocation({ name = "", path = "" }: PrimaryFields, scanner: XmlScanner): void {
  if (isSafeRelativePath(path)) return;
  throw scanner.fault(`${packageNamed(name)} has the unsafe location ${JSON.stringify(path.slice(0, MAX_SHOWN))}`);
}

function packageNamed(name: string): string {
  return RPM_NAME.test(name) ? `the package "${name}"` : "a package";
}

function isNumberUpTo(text: string | undefined, limit: number): boolean {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) && Number(text) <= limit;
}
