import type { ImageTemplate } from "./schema/index.ts";

export const REDACTED = "<redacted>";

/** The template without its passwords and password hashes: for everything that is shown or stored. */
export function redactTemplate(template: ImageTemplate): ImageTemplate {
  const users = template.systemConfig?.users;
  if (users === undefined) return template;
  const redacted = users.map((user) =>
    user.password === undefined || user.password === "" ? user : { ...user, password: REDACTED },
  );
  return { ...template, systemConfig: { ...template.systemConfig, users: redacted } };
}
