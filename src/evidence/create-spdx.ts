import path from "node:path";
import { COMPOSER_NAMESPACE, compareCodeUnits, isMirrorList, uuidV5 } from "../core/index.ts";
import type { LockedPackage, LockedRepository } from "../ospackage/index.ts";
import type { ImageFacts } from "./create-manifest.ts";
import { isoTime } from "./iso-time.ts";
import { formatPackageUrl } from "./package-url.ts";
import type {
  SpdxAnnotation,
  SpdxDocument,
  SpdxExtractedLicence,
  SpdxPackage,
  SpdxRelationship,
} from "./spdx-document.ts";
import { spdxSupplier } from "./spdx-supplier.ts";
import { trustWarnings } from "./trust-warnings.ts";

export interface SpdxFacts extends ImageFacts {
  /** How package URLs name the system: `{namespace: "debian", distro: "debian-13"}`. */
  readonly distribution: { readonly namespace: string; readonly distro: string };
  /** SPDX licence expressions by package name; packages without one get NOASSERTION. */
  readonly licences: ReadonlyMap<string, string>;
  /** The version of this program. */
  readonly toolVersion: string;
}

const NOASSERTION = "NOASSERTION";
const DOCUMENT_ID = "SPDXRef-DOCUMENT";
const IMAGE_ID = "SPDXRef-Image";

/**
 * The SPDX document of an image: the image, every package installed in it, and who depends on whom.
 *
 * The same facts give the same document on every host.
 */
export function createSpdx(facts: SpdxFacts): SpdxDocument {
  const annotations = trustAnnotations(facts);
  const extracted = extractedLicences(facts.licences);
  const packages = facts.lock.packages.toSorted(
    (a, b) => compareCodeUnits(a.name, b.name) || compareCodeUnits(a.architecture, b.architecture),
  );
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT_ID,
    name: `${facts.name}-${facts.version}`,
    documentNamespace: documentNamespace(facts),
    creationInfo: { created: isoTime(facts.sourceDateEpoch), creators: [toolName(facts)] },
    ...(annotations.length === 0 ? {} : { annotations }),
    packages: [imagePackage(facts), ...packages.map((locked) => spdxPackage(facts, locked))],
    ...(extracted.length === 0 ? {} : { hasExtractedLicensingInfos: extracted }),
    relationships: relationshipsOf(packages),
  };
}

function documentNamespace({ name, version, buildKey }: SpdxFacts): string {
  const uuid = uuidV5(COMPOSER_NAMESPACE, `spdx ${buildKey}`);
  return `https://spdx.org/spdxdocs/${encodeURIComponent(`${name}-${version}`)}-${uuid}`;
}

function toolName({ toolVersion }: SpdxFacts): string {
  return `Tool: os-image-composer-${toolVersion}`;
}

function trustAnnotations(facts: SpdxFacts): SpdxAnnotation[] {
  return trustWarnings(facts.lock).map(({ code, message }) => ({
    annotationDate: isoTime(facts.sourceDateEpoch),
    annotationType: "OTHER",
    annotator: toolName(facts),
    comment: `${code}: ${message}`,
  }));
}

function imagePackage({ name, version, artifacts }: SpdxFacts): SpdxPackage {
  // One image has many forms; the first is the disk itself, the others are made from it.
  const [artifact] = artifacts;
  return {
    SPDXID: IMAGE_ID,
    name,
    versionInfo: version,
    ...(artifact === undefined ? {} : { packageFileName: path.basename(artifact.path) }),
    primaryPackagePurpose: "OPERATING_SYSTEM",
    supplier: NOASSERTION,
    downloadLocation: NOASSERTION,
    filesAnalyzed: false,
    ...(artifact === undefined ? {} : { checksums: [{ algorithm: "SHA256", checksumValue: artifact.sha256 }] }),
    licenseConcluded: NOASSERTION,
    licenseDeclared: NOASSERTION,
    copyrightText: NOASSERTION,
  };
}

function spdxPackage(facts: SpdxFacts, locked: LockedPackage): SpdxPackage {
  const repository = facts.lock.repositories.find(({ id }) => id === locked.repository);
  const { homepage, source } = locked;
  return {
    SPDXID: packageId(locked),
    name: locked.name,
    versionInfo: locked.version,
    packageFileName: path.posix.basename(locked.path),
    supplier: spdxSupplier(locked.maintainer),
    downloadLocation: downloadLocation(repository, locked),
    filesAnalyzed: false,
    checksums: [{ algorithm: "SHA256", checksumValue: locked.sha256 }],
    ...(homepage !== undefined && URL.canParse(homepage) ? { homepage } : {}),
    sourceInfo: `built from source package: ${source.name} ${source.version}`,
    licenseConcluded: NOASSERTION,
    licenseDeclared: facts.licences.get(locked.name) ?? NOASSERTION,
    copyrightText: NOASSERTION,
    ...(repository?.verified === false
      ? { comment: `The repository "${repository.id}" was used without checking its signature` }
      : {}),
    externalRefs: [
      {
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: packageUrl(facts, repository, locked),
      },
    ],
  };
}

/**
 * Where anyone may get the package: the canonical address. A mirror list has none, and what came from the user's own disk
 * can't be had anywhere.
 */
function downloadLocation(repository: LockedRepository | undefined, { path: file, baseUrl }: LockedPackage): string {
  if (repository === undefined || repository.type === "local") return NOASSERTION;
  const base = baseUrl ?? repository.url;
  if (isMirrorList(base)) return NOASSERTION;
  return `${base.replace(/\/+$/, "")}/${encodeURI(file).replace(/[?#]/g, encodeURIComponent)}`;
}

/** A package from the user's own disk is not the distribution's: naming it so would match the wrong advisories. */
function packageUrl(facts: SpdxFacts, repository: LockedRepository | undefined, locked: LockedPackage): string {
  const { name, version, architecture, sha256 } = locked;
  if (repository?.type === "local") {
    return formatPackageUrl({ type: "generic", name, version, qualifiers: { checksum: `sha256:${sha256}` } });
  }
  const { namespace, distro } = facts.distribution;
  const qualifiers = { arch: architecture, distro };
  if (repository?.type !== "rpm") return formatPackageUrl({ type: "deb", namespace, name, version, qualifiers });
  // The rpm type of package URLs has the epoch apart.
  const [, epoch = "", versionRelease = version] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  return formatPackageUrl({
    type: "rpm",
    namespace,
    name,
    version: versionRelease,
    qualifiers: { ...qualifiers, epoch, upstream: sourceRpmOf(locked) },
  });
}

function sourceRpmOf({ source }: LockedPackage): string {
  return `${source.name}-${source.version}.src.rpm`;
}

/** `SPDXRef-Package-libstdc.2b.2b6-amd64`: other characters than letters, digits, `.` and `-` are not allowed. */
function packageId({ name, architecture }: Pick<LockedPackage, "name" | "architecture">): string {
  const encoded = `${name}-${architecture}`.replace(
    /[^A-Za-z0-9.-]/g,
    (character) => `.${character.charCodeAt(0).toString(16)}`,
  );
  return `SPDXRef-Package-${encoded}`;
}

function relationshipsOf(packages: readonly LockedPackage[]): SpdxRelationship[] {
  const idOf = new Map(packages.map((locked) => [locked.name, packageId(locked)]));
  const dependencies = packages.flatMap((locked) =>
    locked.dependsOn.flatMap((name): SpdxRelationship[] => {
      const target = idOf.get(name);
      if (target === undefined) return [];
      return [{ spdxElementId: packageId(locked), relationshipType: "DEPENDS_ON", relatedSpdxElement: target }];
    }),
  );
  return [
    { spdxElementId: DOCUMENT_ID, relationshipType: "DESCRIBES", relatedSpdxElement: IMAGE_ID },
    ...packages.map((locked): SpdxRelationship => ({
      spdxElementId: IMAGE_ID,
      relationshipType: "CONTAINS",
      relatedSpdxElement: packageId(locked),
    })),
    ...dependencies,
  ];
}

/** SPDX wants every `LicenseRef-` that is used to be explained. */
function extractedLicences(licences: ReadonlyMap<string, string>): SpdxExtractedLicence[] {
  const users = new Map<string, string[]>();
  for (const [name, expression] of licences) {
    for (const reference of new Set(expression.match(/LicenseRef-[A-Za-z0-9.-]+/g))) {
      users.set(reference, [...(users.get(reference) ?? []), name]);
    }
  }
  return [...users]
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .map(([licenseId, names]) => ({
      licenseId,
      name: licenseId.replace(/^LicenseRef-(?:Debian-)?/, ""),
      extractedText: `The text is in the image, in usr/share/doc or usr/share/licenses, of: ${names.sort(compareCodeUnits).join(", ")}`,
    }));
}
