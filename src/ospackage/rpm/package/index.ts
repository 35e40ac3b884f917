/**
 * Binary packages of the RPM family: lead, signatures, header and payload, read and verified from the file alone.
 *
 * Everything from outside is untrusted here: sizes, offsets, counts and paths are checked before they are used.
 */
export { keepCheckedPayloads, readCheckedPayloads } from "./checked-payloads.ts";
export { type FailingRpm, failingRpms, type UncheckedRpm } from "./failing-rpms.ts";
export { type RpmPackageFile, readRpmPackage, rpmPackageOf } from "./read-rpm-package.ts";
export type { RpmEntry } from "./rpm-entries.ts";
export type { RpmFile, RpmFileFlags, RpmFileType } from "./rpm-files.ts";
export type { RpmRelations } from "./rpm-relations.ts";
export type { RpmScriptlet, RpmScriptletKind, RpmTrigger, RpmTriggerKind } from "./rpm-scriptlets.ts";
export {
  type RpmReadOptions,
  type UnpackRpmOptions,
  checkRpmPayload,
  readRpmEntries,
  unpackRpm,
} from "./unpack-rpm.ts";
export { type CheckedRpm, type VerifiedRpm, checkRpm, verifyRpm } from "./verify-rpm.ts";
