import path from "node:path";
import { type ExplainedSettings, explainSettings } from "../config/index.ts";
import type { Host } from "../host/index.ts";
import type { GlobalFlags } from "./context.ts";

const SHIPPED_CONFIG_DIR = path.join(import.meta.dirname, "../../config");

/** The settings of a call with these flags, and where each comes from. @throws {USAGE} @throws {CONFIG_INVALID} */
export async function readSettings(host: Host, { verbose, ...flags }: GlobalFlags): Promise<ExplainedSettings> {
  const level = flags.logLevel ?? (verbose === true ? "debug" : undefined);
  return explainSettings(host, { ...flags, ...(level === undefined ? {} : { logLevel: level }) }, SHIPPED_CONFIG_DIR);
}
