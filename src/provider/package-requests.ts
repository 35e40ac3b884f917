import type { MergedTemplate } from "../config/index.ts";
import type { PackageRequest } from "../ospackage/index.ts";

/** The packages that a template asks for, each with its place in the template. */
export function packageRequests(merged: MergedTemplate): readonly PackageRequest[] {
  const { systemConfig } = merged.template;
  return [...requestsAt(merged, "systemConfig.packages", systemConfig?.packages), ...kernelRequests(merged)];
}

/** `kernel.version` chooses among the versions of the kernel packages. */
function kernelRequests(merged: MergedTemplate): PackageRequest[] {
  const { packages, version = "" } = merged.template.systemConfig?.kernel ?? {};
  const requests = requestsAt(merged, "systemConfig.kernel.packages", packages);
  return version === "" ? requests : requests.map((request) => ({ ...request, versionPrefix: version }));
}

function requestsAt(merged: MergedTemplate, list: string, packages: readonly string[] = []): PackageRequest[] {
  return packages.map((text, index) => {
    // The index counts in the merged list, which nobody sees: a position says more.
    const place = `${list}[${index}]`;
    const position = merged.positionOf(place);
    return position === undefined ? { text, origin: place } : { text, origin: list, position };
  });
}
