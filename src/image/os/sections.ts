import type { NetworkInterfaceSection, SystemConfigSection } from "../../config/index.ts";

export type GroupSection = NonNullable<SystemConfigSection["groups"]>[number];
export type KeyboardSection = NonNullable<SystemConfigSection["keyboard"]>;
export type RouteSection = NonNullable<NetworkInterfaceSection["routes"]>[number];
export type ScriptSection = NonNullable<SystemConfigSection["postInstallScripts"]>[number];
