/**
 * What each operating system brings to a build: data from `config/osv/` and a few hooks, behind {@link Provider}.
 */
export { EVIDENCE_FILES, SPDX_FILE } from "./evidence-step.ts";
export * from "./os-provider.ts";
export * from "./provider.ts";
export * from "./saved-results.ts";
