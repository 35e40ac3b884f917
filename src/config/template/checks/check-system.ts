import type { Finding } from "../../document/index.ts";
import type { SystemConfigSection } from "../schema/index.ts";

const HOST_LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Identity: host name, locale, and a keyboard whose lists fit together. */
export function checkSystem({ hostname, locale, keyboard }: SystemConfigSection): Finding[] {
  return [...checkHostName(hostname), ...checkLocale(locale), ...checkKeyboard(keyboard)];
}

/** @see RFC 1123, section 2.1 */
function checkHostName(hostname: string | undefined): Finding[] {
  if (hostname === undefined || hostname.split(".").every((label) => HOST_LABEL.test(label))) return [];
  const hint = "Use up to 63 letters, digits and - between the dots, - neither first nor last";
  return [{ path: "systemConfig.hostname", message: `"${hostname}" is no valid host name`, hint }];
}

/** @see locale(7) */
function checkLocale(locale: string | undefined): Finding[] {
  if (locale === undefined || /^[A-Za-z0-9_]+(\.[A-Za-z0-9-]+)?(@[A-Za-z0-9]+)?$/.test(locale)) return [];
  const hint = "Write language, country and encoding, for example de_DE.UTF-8";
  return [{ path: "systemConfig.locale", message: `${JSON.stringify(locale)} is no name of a locale`, hint }];
}

/** Layouts and variants are parallel lists. @see xkeyboard-config(7) */
function checkKeyboard(keyboard: SystemConfigSection["keyboard"]): Finding[] {
  if (keyboard === undefined) return [];
  const { layout, variant = "" } = keyboard;
  const layouts = layout.split(",");
  if (layouts.includes("")) {
    return [
      {
        path: "systemConfig.keyboard.layout",
        message: `${JSON.stringify(layout)} has an empty item between its commas`,
      },
    ];
  }
  const variants = variant.split(",");
  if (variants.length <= layouts.length) return [];
  const message = `has ${variants.length} variants for ${layouts.length === 1 ? "one layout" : `${layouts.length} layouts`}`;
  return [{ path: "systemConfig.keyboard.variant", message, hint: "Give one variant for each layout" }];
}
