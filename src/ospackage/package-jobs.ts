import type { Job } from "../host/index.ts";
import { ENCODE_PACKAGES_PART } from "./deb/packages-index.ts";
import { ENCODE_PRIMARY_PART } from "./rpm/encode-primary-part.ts";

/** What this folder has done by several threads. */
export const PACKAGE_JOBS: readonly Job<never, unknown>[] = [ENCODE_PACKAGES_PART, ENCODE_PRIMARY_PART];
