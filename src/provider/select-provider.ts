import { ComposerError } from "../core/index.ts";
import type { Host } from "../host/index.ts";
import { createDebianProvider } from "./debian.ts";
import type { BuildRequest, Provider } from "./provider.ts";

const PROVIDERS: Readonly<Record<string, (host: Host, request: BuildRequest) => Promise<Provider>>> = {
  debian: createDebianProvider,
};

/**
 * The provider for a template's target, with its data read.
 *
 * @throws {TEMPLATE_UNSUPPORTED} the operating system has no provider yet
 * @throws {PROVIDER_UNKNOWN} there is no data for this distribution and architecture
 */
export async function selectProvider(host: Host, request: BuildRequest): Promise<Provider> {
  const { os } = request.template.template.target;
  const create = Object.hasOwn(PROVIDERS, os) ? PROVIDERS[os] : undefined;
  if (create !== undefined) return create(host, request);
  throw new ComposerError("TEMPLATE_UNSUPPORTED", `Cannot build "${os}" images: no provider for it is there yet`, {
    hint: `Systems that can be built: ${Object.keys(PROVIDERS).join(", ")}`,
  });
}
