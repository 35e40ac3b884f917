import type { ImageTemplate } from "../template/schema/index.ts";

export interface HiddenPasswords {
  readonly template: ImageTemplate;
  /** The variables that now stand for passwords, each with the name of its user. */
  readonly variables: readonly { readonly name: string; readonly user: string }[];
}

/**
 * The template with a variable in place of every password: what is written to files and terminals is read by others.
 *
 * The variables are empty, which locks the accounts until somebody sets them.
 */
export function hidePasswords(template: ImageTemplate): HiddenPasswords {
  const variables: { name: string; user: string }[] = [];
  const users = template.systemConfig?.users?.map((user) => {
    if (user.password === undefined || user.password === "") return user;
    const name = unusedName(`${user.name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_")}_PASSWORD`, variables);
    variables.push({ name, user: user.name });
    return { ...user, password: `\${${name}}` };
  });
  if (users === undefined || variables.length === 0) return { template, variables };
  const added = Object.fromEntries(variables.map(({ name }) => [name, ""]));
  return {
    template: {
      ...template,
      variables: { ...template.variables, ...added },
      systemConfig: { ...template.systemConfig, users },
    },
    variables,
  };
}

/** A variable does not begin with a digit. */
function unusedName(name: string, used: readonly { readonly name: string }[]): string {
  let candidate = /^[0-9]/.test(name) ? `USER_${name}` : name;
  while (used.some((other) => other.name === candidate)) candidate += "_";
  return candidate;
}
