import type { MergedTemplate } from "../config/index.ts";
import type { PackageRequest } from "../ospackage/index.ts";

/** The packages that a template asks for, each with its place in the template. */
export function packageRequests(merged: MergedTemplate): readonly PackageRequest[] {
  const { systemConfig } = merged.template;
  return [
    ...requestsAt(merged, "systemConfig.packages", systemConfig?.packages),
    ...requestsAt(merged, "systemConfig.kernel.packages", systemConfig?.kernel?.packages),
  ];
}

function requestsAt(merged: MergedTemplate, list: string, packages: readonly string[] = []): PackageRequest[] {
  return packages.map((text, index) => {
    const origin = `${list}[${index}]`;
    const position = merged.positionOf(origin);
    return { text, origin, ...(position === undefined ? {} : { position }) };
  });
}
