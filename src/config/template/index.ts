/** The image template: loading, merging with the defaults of the target, checking. */
export { TRUSTED } from "./check-repositories.ts";
export * from "./load-template.ts";
export * from "./redact-template.ts";
export type {
  AdditionalFileSection,
  ArtifactSection,
  DiskSection,
  ImageSection,
  ImageTemplate,
  KernelSection,
  NetworkInterfaceSection,
  NetworkSection,
  PackageRepositorySection,
  PartitionSection,
  ServicesSection,
  SystemConfigSection,
  TargetSection,
  UserSection,
} from "./schema/index.ts";
