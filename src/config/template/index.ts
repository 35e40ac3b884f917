/** The image template: loading, merging with what it extends and the defaults of its target, checking. */
export { checkBootable } from "./checks/check-bootable.ts";
export { checkPrograms } from "./checks/check-programs.ts";
export { TRUSTED } from "./checks/check-repositories.ts";
export * from "./load-template.ts";
export * from "./redact-template.ts";
export type * from "./schema/index.ts";
