import { ComposerError, type Sha256Hex } from "../../../core/index.ts";
import type { Host } from "../../../host/index.ts";
import type { RpmPackage } from "../rpm-index.ts";
import { RPM_ARCHITECTURE, RPM_NAME, RPM_VERSION } from "../rpm-names.ts";
import { openRpm } from "./open-rpm.ts";
import { type RpmFile, type RpmRefusals, readRpmFiles } from "./rpm-files.ts";
import { type RpmHeader, parseRpmHeader, tooLargeRpm } from "./rpm-header.ts";
import { type RpmRelations, readRelations } from "./rpm-relations.ts";
import { type RpmScriptlet, type RpmTrigger, readScriptlets, readTriggers } from "./rpm-scriptlets.ts";
import { RPM_TAG } from "./rpm-tags.ts";

/** What the header of a binary package says. */
export interface RpmPackageFile extends RpmRelations {
  readonly name: string;
  readonly epoch?: number;
  readonly version: string;
  readonly release: string;
  /** `x86_64`, `aarch64`, `noarch` … */
  readonly architecture: string;
  readonly licence: string;
  /** File name of the source package; empty when absent. */
  readonly sourceRpm: string;
  /** Seconds since 1970. */
  readonly buildTimeSeconds: number;
  readonly vendor: string;
  readonly packager: string;
  readonly url: string;
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  readonly installedSizeBytes: number;
  /** `cpio`; nothing else is known to exist. */
  readonly payloadFormat: string;
  /** `gzip`, `xz`, `lzma`, `zstd`, `bzip2`; empty when the header does not say. */
  readonly payloadCompressor: string;
  readonly files: readonly RpmFile[];
  readonly scriptlets: readonly RpmScriptlet[];
  readonly triggers: readonly RpmTrigger[];
}

/**
 * The header of a binary package. Nothing is verified: see `verifyRpm`.
 *
 * @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_UNSAFE_PATH} @throws {PACKAGE_TOO_LARGE} @throws {HOST_FILE_UNREADABLE}
 * @see rpm.org, "RPM V4 Package format"
 */
export async function readRpmPackage(host: Pick<Host, "files">, file: string): Promise<RpmPackageFile> {
  const object = `"${file}"`;
  const { headerBytes, reader } = await openRpm(host.files.readStream(file), object);
  await reader.close();
  return describeRpm(parseRpmHeader(headerBytes, "immutable", object), object);
}

/** @param object what is read, for messages @throws {PACKAGE_FORMAT_INVALID} @throws {PACKAGE_UNSAFE_PATH} @throws {PACKAGE_TOO_LARGE} */
export function describeRpm(header: RpmHeader, object: string): RpmPackageFile {
  const refuse = (state: string): ComposerError =>
    new ComposerError("PACKAGE_FORMAT_INVALID", `Cannot read ${object}: ${state}`);
  const plain = (tag: number, what: string, pattern: RegExp): string => {
    const value = header.string(tag) ?? "";
    if (!pattern.test(value)) throw refuse(`its ${what} is ${value === "" ? "missing" : JSON.stringify(value)}`);
    return value;
  };
  const refusals: RpmRefusals = { invalid: refuse, tooLarge: (state) => tooLargeRpm(object, state) };
  const epoch = header.number(RPM_TAG.epoch);
  const files = readRpmFiles(header, refusals);
  const outside = files.find(({ path }) => path.split("/").includes(".."));
  if (outside !== undefined) {
    const message = `Cannot read ${object}: its file "${outside.path}" leads out of the tree`;
    throw new ComposerError("PACKAGE_UNSAFE_PATH", message);
  }
  return {
    name: plain(RPM_TAG.name, "name", RPM_NAME),
    ...(epoch === undefined ? {} : { epoch }),
    version: plain(RPM_TAG.version, "version", RPM_VERSION),
    release: plain(RPM_TAG.release, "release", RPM_VERSION),
    architecture: plain(RPM_TAG.architecture, "architecture", RPM_ARCHITECTURE),
    licence: header.text(RPM_TAG.licence),
    sourceRpm: header.string(RPM_TAG.sourceRpm) ?? "",
    buildTimeSeconds: header.number(RPM_TAG.buildTime) ?? 0,
    vendor: header.text(RPM_TAG.vendor),
    packager: header.text(RPM_TAG.packager),
    url: header.text(RPM_TAG.url),
    group: header.text(RPM_TAG.group),
    summary: header.text(RPM_TAG.summary),
    description: header.text(RPM_TAG.description),
    installedSizeBytes: header.number(RPM_TAG.longSize) ?? header.number(RPM_TAG.size) ?? 0,
    payloadFormat: header.string(RPM_TAG.payloadFormat) ?? "cpio",
    payloadCompressor: header.string(RPM_TAG.payloadCompressor) ?? "",
    files,
    scriptlets: readScriptlets(header, refusals),
    triggers: readTriggers(header, refusals),
    ...readRelations(header, refusals),
  };
}

/** A package file as an index of a repository has it, for repositories that are made of files. */
export function rpmPackageOf(
  rpm: RpmPackageFile,
  file: { readonly path: string; readonly sizeBytes: number; readonly sha256: Sha256Hex },
): RpmPackage {
  const { name, version, release, architecture, licence, buildTimeSeconds } = rpm;
  const [, sourceName = name, sourceVersion = `${version}-${release}`] =
    /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(rpm.sourceRpm) ?? [];
  return {
    name,
    version: formatVersion(rpm),
    architecture,
    source: { name: sourceName, version: sourceVersion },
    maintainer: rpm.packager === "" ? rpm.vendor : rpm.packager,
    homepage: rpm.url,
    section: rpm.group,
    installedSizeBytes: rpm.installedSizeBytes,
    licence,
    buildTimeSeconds,
    requires: indexedRelations(rpm.requires),
    preRequires: indexedRelations(rpm.preRequires),
    provides: indexedRelations(rpm.provides),
    conflicts: indexedRelations(rpm.conflicts),
    obsoletes: indexedRelations(rpm.obsoletes),
    recommends: indexedRelations(rpm.recommends),
    suggests: indexedRelations(rpm.suggests),
    supplements: indexedRelations(rpm.supplements),
    enhances: indexedRelations(rpm.enhances),
    ...file,
  };
}

/** `[epoch:]version-release`, as metadata and databases have it: an epoch of zero is none. */
export function formatVersion({ epoch = 0, version, release }: RpmPackageFile): string {
  return `${epoch === 0 ? "" : `${epoch}:`}${version}-${release}`;
}

/** As metadata has them: without features of rpm, which no package provides, and without epochs of zero. */
function indexedRelations(text: string): string {
  if (text === "") return "";
  const entries = text.split("\t").filter((entry) => !entry.startsWith("rpmlib("));
  return [
    ...new Set(entries.map((entry) => (entry.startsWith("(") ? entry : entry.replace(/(?<= [<>=]+ )0:/, "")))),
  ].join("\t");
}
