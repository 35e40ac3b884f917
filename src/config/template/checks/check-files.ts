import { fileURLToPath } from "node:url";
import type { HostFiles } from "../../../host/index.ts";
import type { DocumentPath, Finding } from "../../document/index.ts";
import { TRUSTED } from "./check-repositories.ts";
import type { ImageTemplate, SystemConfigSection } from "../schema/index.ts";

interface Reference {
  readonly path: DocumentPath;
  readonly kinds: readonly ("file" | "directory")[];
  /** An absolute path, where the value is an address of one. */
  readonly file?: string;
}

/** Every file and directory that the template names is there, of the right kind, readable and not empty. */
export async function checkReferencedFiles(
  files: HostFiles,
  template: ImageTemplate,
  localFile: (path: DocumentPath) => string,
): Promise<Finding[]> {
  const findings = await Promise.all(
    referencesOf(template).map(async ({ path, kinds, file = localFile(path) }): Promise<Finding[]> => {
      const state = await stateOf(files, file, kinds);
      return state === undefined ? [] : [{ path, message: `${kinds.join(" or ")} ${JSON.stringify(file)} ${state}` }];
    }),
  );
  return findings.flat();
}

function referencesOf({ baseline, systemConfig = {}, packageRepositories = [] }: ImageTemplate): Reference[] {
  const source = baseline?.source?.path;
  return [
    ...(source === undefined ? [] : [fileAt("baseline", "source", "path")]),
    ...systemReferences(systemConfig),
    ...packageRepositories.flatMap(({ path, packages = [], pkey, pkeys = [] }, index): Reference[] => {
      const at = ["packageRepositories", index] as const;
      return [
        ...(path === undefined ? [] : [{ path: [...at, "path"], kinds: ["directory"] } as const]),
        ...packages.flatMap((file, item) => (isAddress(file) ? [] : [fileAt(...at, "packages", item)])),
        ...(pkey === undefined ? [] : keyAt(pkey, [...at, "pkey"])),
        ...pkeys.flatMap((key, item) => keyAt(key, [...at, "pkeys", item])),
      ];
    }),
  ];
}

function systemReferences(systemConfig: SystemConfigSection): Reference[] {
  const {
    initramfs,
    immutability,
    fde,
    additionalFiles = [],
    preInstallScripts = [],
    postInstallScripts = [],
  } = systemConfig;
  const keys = ["secureBootDBKey", "secureBootDBCrt", "secureBootDBCer"] as const;
  const scripts = { preInstallScripts, postInstallScripts };
  return [
    ...(initramfs === undefined ? [] : [fileAt("systemConfig", "initramfs", "template")]),
    ...keys.flatMap((key) => ((immutability?.[key] ?? "") === "" ? [] : [fileAt("systemConfig", "immutability", key)])),
    ...(fde?.enabled === true && (fde.passphraseFile ?? "") !== ""
      ? [fileAt("systemConfig", "fde", "passphraseFile")]
      : []),
    ...additionalFiles.flatMap(({ local, final }, index): Reference[] => {
      if ((local ?? "") === "") return [];
      const kinds = final === "/" ? (["directory"] as const) : (["file", "directory"] as const);
      return [{ path: ["systemConfig", "additionalFiles", index, "local"], kinds }];
    }),
    ...(["preInstallScripts", "postInstallScripts"] as const).flatMap((list) =>
      scripts[list].flatMap(({ file }, index) =>
        (file ?? "") === "" ? [] : [fileAt("systemConfig", list, index, "file")],
      ),
    ),
  ];
}

function fileAt(...path: DocumentPath): Reference {
  return { path, kinds: ["file"] };
}

function keyAt(key: string, path: DocumentPath): Reference[] {
  if (key.startsWith("file:///") && URL.canParse(key)) return [{ path, kinds: ["file"], file: fileURLToPath(key) }];
  return isAddress(key) || key === TRUSTED || key.startsWith("<") ? [] : [fileAt(...path)];
}

function isAddress(text: string): boolean {
  return /^[a-z]+:\/\//.test(text);
}

/** Undefined when all is well; a link is what it points to. */
async function stateOf(files: HostFiles, file: string, kinds: Reference["kinds"]): Promise<string | undefined> {
  if (file.includes("\0") || !(await files.exists(file))) return "does not exist";
  if (!(await files.isReadable(file))) return "cannot be read: permission is denied";
  const stat = await files.stat(await files.realPath(file));
  if (stat === undefined) return "does not exist";
  if (stat.kind === "file" && kinds.includes("file")) {
    return stat.sizeBytes === 0 && !kinds.includes("directory") ? "is empty" : undefined;
  }
  if (stat.kind === "directory") return kinds.includes("directory") ? undefined : "is a directory";
  return `is no ${kinds.join(" or ")}`;
}
