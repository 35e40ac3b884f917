import type { ImageTemplate, SystemConfigSection } from "../../template/schema/index.ts";

type Section<K extends keyof SystemConfigSection> = NonNullable<SystemConfigSection[K]>;

export type BootloaderSection = Section<"bootloader">;
export type FdeSection = Section<"fde">;
export type KernelSection = Section<"kernel">;
export type SelinuxSection = Section<"selinux">;
export type PackageFilesSection = Section<"packageFiles">;
export type ConfigurationSections = Section<"configurations">;
export type { ImageTemplate, SystemConfigSection };
