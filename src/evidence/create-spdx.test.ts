import { readFileSync } from "node:fs";
import { Ajv2019 } from "ajv/dist/2019.js";
import { describe, expect, it } from "vitest";
import { sha256 } from "../core/index.ts";
import type { LockedPackage, LockedRepository } from "../ospackage/index.ts";
import { createManifest, formatEvidence } from "./create-manifest.ts";
import { createSpdx, type SpdxFacts } from "./create-spdx.ts";

const debian: LockedRepository = {
  id: "debian/trixie",
  type: "deb",
  url: "http://ftp.debian.org/debian/",
  suite: "trixie",
  components: ["main"],
  metadataSha256: sha256("InRelease"),
  dateSeconds: 1_760_000_000,
  signedBy: "41587F7DB8C774BCCF131416762F67A0B2C39DE4",
  verified: true,
  foreignKeys: false,
};
const local: LockedRepository = {
  id: "local/own",
  type: "local",
  url: "/home/somebody/packages",
  metadataSha256: sha256("list"),
  verified: true,
  foreignKeys: false,
};

function locked(name: string, changes: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name,
    version: "1.0-1",
    architecture: "amd64",
    sizeBytes: 100,
    installedSizeBytes: 4096,
    sha256: sha256(name),
    repository: debian.id,
    path: `pool/main/${name.charAt(0)}/${name}/${name}_1.0-1_amd64.deb`,
    source: { name, version: "1.0-1" },
    maintainer: "Jane Doe <jane@example.org>",
    essential: false,
    dependsOn: [],
    preDependsOn: [],
    ...changes,
  };
}

const facts: SpdxFacts = {
  name: "minimal",
  version: "1.0.0+x",
  architecture: "x86_64",
  lock: {
    schemaVersion: 1,
    providerId: "debian-debian13-x86_64",
    repositories: [debian, local],
    packages: [
      locked("libstdc++6", {
        version: "1:14.2.0-19~deb13u1",
        path: "pool/main/g/gcc-14/libstdc++6_14.2.0-19~deb13u1_amd64.deb",
        source: { name: "gcc-14", version: "14.2.0-19" },
        homepage: "http://gcc.gnu.org/",
      }),
      locked("gpgv", { dependsOn: ["libstdc++6"], homepage: "not a place" }),
      locked("agent", { repository: local.id, path: "agent_1.0-1_amd64.deb", maintainer: "" }),
    ],
    toolPackages: [locked("mtools")],
  },
  artifacts: [
    { path: "/somewhere/minimal-1.0.0.raw.gz", format: "raw", compression: "gz", sizeBytes: 7, sha256: sha256("raw") },
  ],
  buildKey: sha256("build"),
  configurationHash: sha256("configuration"),
  sourceDateEpoch: 1_760_000_000,
  distribution: { namespace: "debian", distro: "debian-13" },
  licences: new Map([["gpgv", "GPL-3.0-or-later AND LicenseRef-Debian-TinySCHEME"]]),
  toolVersion: "0.1.0",
};

const untrusted: SpdxFacts = {
  ...facts,
  lock: { ...facts.lock, repositories: [{ ...debian, verified: false, foreignKeys: true }, local] },
};

describe("createSpdx()", () => {
  const schema = new URL("../../test/fixtures/spdx/spdx-schema.json", import.meta.url);
  const validate = new Ajv2019({ strict: false, allErrors: true }).compile(
    JSON.parse(readFileSync(schema, "utf8")) as object,
  );

  it.each([
    ["a usual image", facts],
    ["an image from an untrusted repository", untrusted],
    ["an image without packages", { ...facts, lock: { ...facts.lock, packages: [] }, artifacts: [] }],
  ])("gives a document that is valid by the official schema for %s", (_, sample) => {
    validate(createSpdx(sample));
    expect(validate.errors).toBeNull();
  });

  it("is judged by a schema that refuses what SPDX doesn't know", () => {
    const spdx = createSpdx(facts);
    expect(validate({ ...spdx, spdxVersion: undefined })).toBe(false);
    const strange = spdx.relationships.map((relationship) => ({ ...relationship, relationshipType: "NEEDS" }));
    expect(validate({ ...spdx, relationships: strange })).toBe(false);
  });

  it("describes the image and its packages", () => {
    expect(createSpdx(facts)).toMatchInlineSnapshot(`
      {
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {
          "created": "2025-10-09T08:53:20Z",
          "creators": [
            "Tool: os-image-composer-0.1.0",
          ],
        },
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://spdx.org/spdxdocs/minimal-1.0.0%2Bx-dd996cb5-30c8-504f-b9a5-b80780d5d524",
        "hasExtractedLicensingInfos": [
          {
            "extractedText": "The text is in the image, in usr/share/doc or usr/share/licenses, of: gpgv",
            "licenseId": "LicenseRef-Debian-TinySCHEME",
            "name": "TinySCHEME",
          },
        ],
        "name": "minimal-1.0.0+x",
        "packages": [
          {
            "SPDXID": "SPDXRef-Image",
            "checksums": [
              {
                "algorithm": "SHA256",
                "checksumValue": "d7439bee24773bcbfa2d0a97947ee36227b10d1022b1a55847e928965bb6bfde",
              },
            ],
            "copyrightText": "NOASSERTION",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "name": "minimal",
            "packageFileName": "minimal-1.0.0.raw.gz",
            "primaryPackagePurpose": "OPERATING_SYSTEM",
            "supplier": "NOASSERTION",
            "versionInfo": "1.0.0+x",
          },
          {
            "SPDXID": "SPDXRef-Package-agent-amd64",
            "checksums": [
              {
                "algorithm": "SHA256",
                "checksumValue": "d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824",
              },
            ],
            "copyrightText": "NOASSERTION",
            "downloadLocation": "NOASSERTION",
            "externalRefs": [
              {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceLocator": "pkg:generic/agent@1.0-1?checksum=sha256:d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824",
                "referenceType": "purl",
              },
            ],
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "name": "agent",
            "packageFileName": "agent_1.0-1_amd64.deb",
            "sourceInfo": "built from source package: agent 1.0-1",
            "supplier": "NOASSERTION",
            "versionInfo": "1.0-1",
          },
          {
            "SPDXID": "SPDXRef-Package-gpgv-amd64",
            "checksums": [
              {
                "algorithm": "SHA256",
                "checksumValue": "3e0231267f47c5b4e105df39af4e4ac331f2fc5bed252f17b732c3d6a24c9965",
              },
            ],
            "copyrightText": "NOASSERTION",
            "downloadLocation": "http://ftp.debian.org/debian/pool/main/g/gpgv/gpgv_1.0-1_amd64.deb",
            "externalRefs": [
              {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceLocator": "pkg:deb/debian/gpgv@1.0-1?arch=amd64&distro=debian-13",
                "referenceType": "purl",
              },
            ],
            "filesAnalyzed": false,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "GPL-3.0-or-later AND LicenseRef-Debian-TinySCHEME",
            "name": "gpgv",
            "packageFileName": "gpgv_1.0-1_amd64.deb",
            "sourceInfo": "built from source package: gpgv 1.0-1",
            "supplier": "Person: Jane Doe (jane@example.org)",
            "versionInfo": "1.0-1",
          },
          {
            "SPDXID": "SPDXRef-Package-libstdc.2b.2b6-amd64",
            "checksums": [
              {
                "algorithm": "SHA256",
                "checksumValue": "ee0af3d57a5402f4ea4ec08e3c9a09a6dd42fab2aa53d63c1aacef98d70e19a7",
              },
            ],
            "copyrightText": "NOASSERTION",
            "downloadLocation": "http://ftp.debian.org/debian/pool/main/g/gcc-14/libstdc++6_14.2.0-19~deb13u1_amd64.deb",
            "externalRefs": [
              {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceLocator": "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19~deb13u1?arch=amd64&distro=debian-13",
                "referenceType": "purl",
              },
            ],
            "filesAnalyzed": false,
            "homepage": "http://gcc.gnu.org/",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "name": "libstdc++6",
            "packageFileName": "libstdc++6_14.2.0-19~deb13u1_amd64.deb",
            "sourceInfo": "built from source package: gcc-14 14.2.0-19",
            "supplier": "Person: Jane Doe (jane@example.org)",
            "versionInfo": "1:14.2.0-19~deb13u1",
          },
        ],
        "relationships": [
          {
            "relatedSpdxElement": "SPDXRef-Image",
            "relationshipType": "DESCRIBES",
            "spdxElementId": "SPDXRef-DOCUMENT",
          },
          {
            "relatedSpdxElement": "SPDXRef-Package-agent-amd64",
            "relationshipType": "CONTAINS",
            "spdxElementId": "SPDXRef-Image",
          },
          {
            "relatedSpdxElement": "SPDXRef-Package-gpgv-amd64",
            "relationshipType": "CONTAINS",
            "spdxElementId": "SPDXRef-Image",
          },
          {
            "relatedSpdxElement": "SPDXRef-Package-libstdc.2b.2b6-amd64",
            "relationshipType": "CONTAINS",
            "spdxElementId": "SPDXRef-Image",
          },
          {
            "relatedSpdxElement": "SPDXRef-Package-libstdc.2b.2b6-amd64",
            "relationshipType": "DEPENDS_ON",
            "spdxElementId": "SPDXRef-Package-gpgv-amd64",
          },
        ],
        "spdxVersion": "SPDX-2.3",
      }
    `);
  });

  it("has unique identifiers, and relations only between them", () => {
    const spdx = createSpdx(facts);
    const ids = [spdx.SPDXID, ...spdx.packages.map((entry) => entry.SPDXID)];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    for (const { spdxElementId, relatedSpdxElement } of spdx.relationships) {
      expect(ids).toContain(spdxElementId);
      expect(ids).toContain(relatedSpdxElement);
    }
  });

  it("records unverified repositories and foreign keys", () => {
    const spdx = createSpdx(untrusted);
    expect(spdx.annotations?.map(({ comment }) => comment)).toEqual([
      'UNVERIFIED_REPOSITORY: No signature of the repository "debian/trixie" was checked',
      'FOREIGN_KEYS: The repository "debian/trixie" is trusted by keys that are not the provider\'s own (signed by 41587F7DB8C774BCCF131416762F67A0B2C39DE4)',
    ]);
    expect(spdx.packages.find(({ name }) => name === "gpgv")?.comment).toContain("without checking");
  });

  it("names no place for what a mirror list leads to, unless its index does", () => {
    const listed = { ...debian, url: "mirror+https://example.com/metalink?repo=a" };
    const packages = [locked("a"), locked("b", { baseUrl: "https://example.com/b/" })];
    const spdx = createSpdx({ ...facts, lock: { ...facts.lock, repositories: [listed], packages } });
    const places = ["a", "b"].map((name) => spdx.packages.find((one) => one.name === name)?.downloadLocation);
    expect(places).toEqual(["NOASSERTION", "https://example.com/b/pool/main/b/b/b_1.0-1_amd64.deb"]);
  });

  it("doesn't depend on the order of the lock, and says nothing about the host", () => {
    const turned = { ...facts, lock: { ...facts.lock, packages: facts.lock.packages.toReversed() } };
    expect(formatEvidence(createSpdx(turned))).toBe(formatEvidence(createSpdx(facts)));
    expect(formatEvidence(createSpdx(facts))).not.toMatch(/somebody|somewhere/);
  });
});

describe("createManifest()", () => {
  it("states the facts about an image", () => {
    expect(createManifest(facts)).toMatchInlineSnapshot(`
      {
        "architecture": "x86_64",
        "artifacts": [
          {
            "compression": "gz",
            "file": "minimal-1.0.0.raw.gz",
            "format": "raw",
            "sha256": "d7439bee24773bcbfa2d0a97947ee36227b10d1022b1a55847e928965bb6bfde",
            "sizeBytes": 7,
          },
        ],
        "buildKey": "44575cf5b28512d75644bf54a517dcef304ff809fd511747621b4d64f19aac66",
        "buildTimestamp": "2025-10-09T08:53:20Z",
        "configurationHash": "b7d64a9221007dfd5390f7df6cd5b8f3ea4f82faa1237141e35ebf161f5511a1",
        "name": "minimal",
        "packages": [
          {
            "architecture": "amd64",
            "name": "agent",
            "version": "1.0-1",
          },
          {
            "architecture": "amd64",
            "name": "gpgv",
            "version": "1.0-1",
          },
          {
            "architecture": "amd64",
            "name": "libstdc++6",
            "version": "1:14.2.0-19~deb13u1",
          },
        ],
        "provider": "debian-debian13-x86_64",
        "repositories": [
          {
            "components": [
              "main",
            ],
            "foreignKeys": false,
            "id": "debian/trixie",
            "metadataSha256": "5bfc87e96c5fc54b15067c0e113156812a0af4dc86aaf43b462addaa77728d08",
            "signedBy": "41587F7DB8C774BCCF131416762F67A0B2C39DE4",
            "suite": "trixie",
            "type": "deb",
            "url": "http://ftp.debian.org/debian/",
            "verified": true,
          },
          {
            "foreignKeys": false,
            "id": "local/own",
            "metadataSha256": "a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139",
            "type": "local",
            "verified": true,
          },
        ],
        "schemaVersion": 1,
        "sourceDateEpoch": 1760000000,
        "version": "1.0.0+x",
        "warnings": [],
      }
    `);
  });

  it("warns of what weakens trust, and says nothing about the host", () => {
    const manifest = createManifest(untrusted);
    expect(manifest.warnings.map(({ code }) => code)).toEqual(["UNVERIFIED_REPOSITORY", "FOREIGN_KEYS"]);
    expect(formatEvidence(manifest)).not.toMatch(/somebody|somewhere/);
  });
});
