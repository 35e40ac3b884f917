import path from "node:path";
import { compareCodeUnits, type EventSink } from "../../core/index.ts";
import type { LockedPackage } from "../../ospackage/index.ts";
import type { Bind } from "../run-in-root.ts";

/** A locked package and the verified file that it is installed from. */
export interface PackageFile {
  readonly package: LockedPackage;
  readonly file: string;
}

export interface InstallOptions {
  readonly emit: EventSink;
  /** Gets every line that installation tools and package scripts write. */
  readonly log: (line: string) => void;
}

/** One bind below `target` for each directory that package files are in, and where a file is then seen. */
export function bindPackages(packages: readonly PackageFile[], target: string) {
  const directories = [...new Set(packages.map(({ file }) => path.dirname(file)))].sort(compareCodeUnits);
  const targetOf = (directory: string): string => `${target}/${directories.indexOf(directory)}`;
  return {
    binds: directories.map((directory): Bind => ({ source: directory, target: targetOf(directory), writable: false })),
    insidePath: ({ file }: PackageFile): string => `${targetOf(path.dirname(file))}/${path.basename(file)}`,
  };
}
