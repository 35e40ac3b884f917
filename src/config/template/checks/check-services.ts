import type { Finding } from "../../document/index.ts";
import type { ServicesSection } from "../schema/index.ts";

const UNIT_NAME = /^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*$/;
const UNIT_SUFFIX = /\.(service|socket|timer|target|mount|automount|path|swap|slice|device|scope)$/;

/** Units have names that systemd knows, and one thing is said about each. */
export function checkServices(services: ServicesSection): Finding[] {
  const findings: Finding[] = [];
  const mentioned = new Map<string, string>();
  for (const key of ["enable", "disable", "mask"] as const) {
    for (const [index, unit] of (services[key] ?? []).entries()) {
      const path = ["systemConfig", "services", key, index];
      if (!UNIT_NAME.test(unit) || unit.length > 255) {
        findings.push({ path, message: `${JSON.stringify(unit)} can be no name of a systemd unit` });
        continue;
      }
      const name = UNIT_SUFFIX.test(unit) ? unit : `${unit}.service`;
      const earlier = mentioned.get(name);
      if (earlier !== undefined && earlier !== key) {
        findings.push({ path, message: `unit "${unit}" is also listed under "${earlier}"` });
      }
      mentioned.set(name, key);
    }
  }
  return findings;
}
