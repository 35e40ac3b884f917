import { sha256 } from "../../src/core/index.ts";
import { parseEvr } from "../../src/ospackage/rpm/compare-rpm-versions.ts";
import { parseRpmRelations, type parseRpmRelation } from "../../src/ospackage/rpm/rpm-relations.ts";
import type { MetadataTexts } from "./resolver-rpm-dnf.ts";

/** A small package: relations as spec files have them, with commas between entries. */
export type SmallRpm = readonly [nameAndVersion: string, fields?: SmallRpmFields];

export interface SmallRpmFields {
  readonly requires?: string;
  readonly provides?: string;
  readonly conflicts?: string;
  readonly obsoletes?: string;
  readonly recommends?: string;
  readonly suggests?: string;
  readonly supplements?: string;
  readonly enhances?: string;
  readonly files?: readonly string[];
}

const FLAGS = { "<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT" } as const;
const RELATIONS = [
  "requires",
  "provides",
  "conflicts",
  "obsoletes",
  "recommends",
  "suggests",
  "supplements",
  "enhances",
] as const;

/** The metadata of a repository that has some packages. */
export function smallMetadata(
  packages: readonly SmallRpm[],
  { id = "small", priority = 500 }: { readonly id?: string; readonly priority?: number } = {},
): MetadataTexts {
  const parsed = packages.map(([nameAndVersion, fields = {}]) => {
    const [name = "", evr = "1-1", arch = "x86_64"] = nameAndVersion.split(" ");
    return { name, evr, arch, fields, digest: sha256(`${id} ${nameAndVersion}`) };
  });
  return {
    id,
    priority,
    primary: document("metadata", "common", parsed.map(primaryPackage)),
    fileLists: document("filelists", "filelists", parsed.map(fileListsPackage)),
  };
}

interface Parsed {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  readonly digest: string;
  readonly fields: SmallRpmFields;
}

function document(root: string, namespace: string, packages: readonly string[]): string {
  const rpm = 'xmlns:rpm="http://linux.duke.edu/metadata/rpm"';
  const open = `<${root} xmlns="http://linux.duke.edu/metadata/${namespace}" ${rpm} packages="${packages.length}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}\n${packages.join("\n")}\n</${root}>\n`;
}

function primaryPackage({ name, evr, arch, digest, fields }: Parsed): string {
  const provides = [`${name} = ${evr}`, fields.provides ?? ""].filter((text) => text !== "").join(",");
  const relations = RELATIONS.map((field) => relation(field, field === "provides" ? provides : fields[field]));
  const files = (fields.files ?? []).map((file) => `<file>${file}</file>`);
  return `<package type="rpm"><name>${name}</name><arch>${arch}</arch><version ${version(evr)}/>
<checksum type="sha256" pkgid="YES">${digest}</checksum><summary>${name}</summary><description>${name}</description>
<packager/><url/><time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="${name}-${evr.replace(":", "_")}.${arch}.rpm"/>
<format><rpm:license>MIT</rpm:license><rpm:vendor/><rpm:group>Unspecified</rpm:group><rpm:buildhost>x</rpm:buildhost>
<rpm:sourcerpm>${name}-1-1.src.rpm</rpm:sourcerpm><rpm:header-range start="1" end="2"/>${relations.join("")}${files.join("")}</format></package>`;
}

function fileListsPackage({ name, evr, arch, digest, fields }: Parsed): string {
  const files = (fields.files ?? []).map((file) => `<file>${file}</file>`);
  return `<package pkgid="${digest}" name="${name}" arch="${arch}"><version ${version(evr)}/>${files.join("")}</package>`;
}

function relation(field: string, text = ""): string {
  if (text === "") return "";
  return `<rpm:${field}>${parseRpmRelations(text.replace(/,\s*/g, "\t")).map(entry).join("")}</rpm:${field}>`;
}

function entry(parsed: ReturnType<typeof parseRpmRelation>): string {
  if (parsed.kind !== "capability") return `<rpm:entry name="${escape(parsed.text)}"/>`;
  const { name, operator, evr } = parsed;
  const bounds = operator === undefined || evr === undefined ? "" : ` flags="${FLAGS[operator]}" ${version(evr)}`;
  return `<rpm:entry name="${escape(name)}"${bounds}/>`;
}

function version(text: string): string {
  const { epoch, version: own, release } = parseEvr(text);
  return `epoch="${epoch}" ver="${own}"${release === undefined ? "" : ` rel="${release}"`}`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
