import type { MergedTemplate } from "../config/index.ts";
import type { ExclusionLine, PackageRequest } from "../ospackage/index.ts";
import type { ProviderBuild } from "./provider-build.ts";

/** The packages that a template asks for, each with its place in the template. */
export function packageRequests(merged: MergedTemplate): readonly PackageRequest[] {
  const { systemConfig } = merged.template;
  return [...requestsAt(merged, "systemConfig.packages", systemConfig?.packages), ...kernelRequests(merged)];
}

/** The packages that a template excludes, each with its place. */
export function exclusionLines({ template, positionOf }: MergedTemplate): readonly ExclusionLine[] {
  return (template.systemConfig?.excludePackages ?? []).map((text, index) => {
    const position = positionOf(`systemConfig.excludePackages[${index}]`);
    return position === undefined ? { text } : { text, position };
  });
}

/** The packages of a build's tool root. */
export function toolRequests({ toolPackages }: Pick<ProviderBuild, "toolPackages">): readonly PackageRequest[] {
  return toolPackages.map((text) => ({ text, origin: "tool root" }));
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
