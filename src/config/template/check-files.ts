import type { HostFiles } from "../../host/index.ts";
import type { DocumentPath, Finding } from "../document/index.ts";
import { TRUSTED } from "./check-repositories.ts";
import type { ImageTemplate } from "./schema/index.ts";

interface Reference {
  readonly path: DocumentPath;
  readonly kind: "file" | "directory";
}

/** Every file and directory that the template names is there, of the right kind, and readable. */
export async function checkReferencedFiles(
  files: HostFiles,
  template: ImageTemplate,
  localFile: (path: DocumentPath) => string,
): Promise<Finding[]> {
  const findings = await Promise.all(
    referencesOf(template).map(async ({ path, kind }): Promise<Finding[]> => {
      const file = localFile(path);
      const state = await stateOf(files, file, kind);
      return state === undefined ? [] : [{ path, message: `${kind} "${file}" ${state}` }];
    }),
  );
  return findings.flat();
}

function referencesOf({ systemConfig, packageRepositories = [] }: ImageTemplate): Reference[] {
  const additional = (systemConfig?.additionalFiles ?? []).map((_, index): Reference => {
    return { path: ["systemConfig", "additionalFiles", index, "local"], kind: "file" };
  });
  const repositories = packageRepositories.flatMap(({ path, packages = [], pkey, pkeys = [] }, index): Reference[] => {
    const at = ["packageRepositories", index] as const;
    return [
      ...(path === undefined ? [] : [{ path: [...at, "path"], kind: "directory" } as const]),
      ...packages.flatMap((file, item) =>
        isAddress(file) ? [] : [{ path: [...at, "packages", item], kind: "file" } as const],
      ),
      ...(pkey === undefined || isAddress(pkey) || pkey === TRUSTED || pkey.startsWith("<")
        ? []
        : [{ path: [...at, "pkey"], kind: "file" } as const]),
      ...pkeys.flatMap((file, item) =>
        isAddress(file) ? [] : [{ path: [...at, "pkeys", item], kind: "file" } as const],
      ),
    ];
  });
  return [...additional, ...repositories];
}

function isAddress(text: string): boolean {
  return /^[a-z]+:\/\//.test(text);
}

async function stateOf(files: HostFiles, file: string, kind: Reference["kind"]): Promise<string | undefined> {
  if (!(await files.exists(file))) return "does not exist";
  if (!(await files.isReadable(file))) return "cannot be read: permission is denied";
  const stat = await files.stat(await files.realPath(file));
  if (stat?.kind === kind) return undefined;
  return stat?.kind === "directory" ? "is a directory" : `is no ${kind}`;
}
