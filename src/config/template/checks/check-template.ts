import type { Finding } from "../../document/index.ts";
import { checkAdditionalFiles } from "./check-additional-files.ts";
import { checkArtifacts } from "./check-artifacts.ts";
import { checkBootloader } from "./check-bootloader.ts";
import { checkBuild } from "./check-build.ts";
import { checkConfigurations } from "./check-configurations.ts";
import { checkDiskFields } from "./check-disk-fields.ts";
import { checkEncryption } from "./check-encryption.ts";
import { checkGroups } from "./check-groups.ts";
import { checkImmutability } from "./check-immutability.ts";
import { checkKernel } from "./check-kernel.ts";
import { checkNetwork } from "./check-network.ts";
import { checkOverlay, checkOverlayLayer } from "./check-overlay.ts";
import { checkPackages } from "./check-packages.ts";
import { checkRepetitions } from "./check-repetitions.ts";
import { checkRepositories } from "./check-repositories.ts";
import { checkScripts } from "./check-scripts.ts";
import { checkServices } from "./check-services.ts";
import { checkSystem } from "./check-system.ts";
import { checkUsers } from "./check-users.ts";
import type { ImageTemplate } from "../schema/index.ts";

/** What the merged template must mean, beyond its schema; needs no file, no network and no other part of the program. */
export function checkTemplate(template: ImageTemplate): Finding[] {
  const { systemConfig = {} } = template;
  return [
    ...checkBuild(template.build),
    ...checkOverlay(template),
    ...checkArtifacts(template),
    ...checkDiskFields(template),
    ...checkSystem(systemConfig),
    ...checkBootloader(template),
    ...checkKernel(systemConfig.kernel ?? {}),
    ...checkImmutability(template),
    ...checkEncryption(template),
    ...checkGroups(systemConfig),
    ...checkUsers(systemConfig.users ?? []),
    ...checkNetwork(systemConfig.network),
    ...checkServices(systemConfig.services ?? {}),
    ...checkPackages(template),
    ...checkAdditionalFiles(systemConfig.additionalFiles ?? []),
    ...checkScripts(systemConfig),
    ...checkConfigurations(systemConfig.configurations ?? []),
    ...checkRepositories(template),
  ];
}

/** What a single file must not say; in the merged document the later entry has already won. */
export function checkLayer(template: ImageTemplate): Finding[] {
  return [...checkRepetitions(template), ...checkOverlayLayer(template)];
}
