import { type Architecture, compareCodeUnits, ComposerError } from "../../core/index.ts";
import type { Piece } from "./append-pe-sections.ts";

/** The bytes of a file on the ESP: text that we write, a file that the caller has, or what is made of several. */
export type BootContent<Reference> =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly reference: Reference }
  | { readonly kind: "pieces"; readonly pieces: readonly Piece<Reference>[] };

export interface BootFile<Reference> {
  /** Absolute path on the ESP. */
  readonly path: string;
  readonly content: BootContent<Reference>;
}

/** `Reference` is how the caller names a file: a path, a store entry. */
interface CommonOptions<Reference> {
  readonly architecture: Architecture;
  /** What `uname -r` of the installed kernel says. */
  readonly kernelVersion: string;
  /** Name of the directory and first part of the entry's name; the machine id or `IMAGE_ID`. @see kernel-install(8) */
  readonly entryToken: string;
  /** Seconds that the menu waits; 0 shows it only when a key is held. Absent: 3. */
  readonly timeoutSeconds?: number;
  /** `systemd-bootx64.efi` or `systemd-bootaa64.efi`, signed where the distribution signs it. */
  readonly bootLoader: Reference;
}

export interface UnifiedBootOptions<Reference> extends CommonOptions<Reference> {
  /** The unified kernel image. */
  readonly image: readonly Piece<Reference>[];
}

export interface SystemdBootOptions<Reference> extends CommonOptions<Reference> {
  /** `PRETTY_NAME` of os-release. */
  readonly title: string;
  /** The command line of the template, without `root=` as a rule. */
  readonly cmdline: string;
  readonly rootPartUuid: string;
  /** "rw" keeps initrds from mounting the root read-only first. Absent: "ro", as distributions have it. */
  readonly rootMode?: "ro" | "rw";
  /** Order among entries, the `sort-key`: the `ID` of os-release. */
  readonly sortKey?: string;
  readonly kernel: Reference;
  /** In the order in which the kernel gets them, with the names that they have on the ESP. */
  readonly initrds: readonly { readonly name: string; readonly content: Reference }[];
}

const TOKEN = /^[A-Za-z0-9][A-Za-z0-9+_.-]{0,127}$/;
/** What x86_64 and aarch64 kernels take at least, without the final zero. */
const MAX_CMDLINE_LENGTH = 2047;

/**
 * The files of the ESP for systemd-boot with one type #1 entry, laid out as `kernel-install` and `bootctl` do it.
 *
 * `loader/random-seed` is left out: every copy of the image would begin with the same one.
 *
 * @returns files in the order of their paths
 * @throws {IMAGE_PLAN_INVALID} a value that an entry cannot hold
 * @see https://uapi-group.org/specifications/specs/boot_loader_specification/
 */
export function planSystemdBoot<Reference>(options: SystemdBootOptions<Reference>): BootFile<Reference>[] {
  const { entryToken, kernelVersion } = options;
  const loader = planLoader(options);
  options.initrds.forEach(({ name }) => checkName("initrd name", name));
  const directory = `/${entryToken}/${kernelVersion}`;
  return inOrder([
    ...loader,
    file(`${directory}/linux`, options.kernel),
    ...options.initrds.map(({ name, content }) => file(`${directory}/${name}`, content)),
    text(`/loader/entries/${entryToken}-${kernelVersion}.conf`, formatEntry(options, directory)),
  ]);
}

/**
 * The files of the ESP for systemd-boot with a unified kernel image, which is a type #2 entry by its place.
 *
 * @returns files in the order of their paths
 * @throws {IMAGE_PLAN_INVALID} a value that cannot be part of a file name
 * @see https://uapi-group.org/specifications/specs/boot_loader_specification/
 */
export function planUnifiedBoot<Reference>(options: UnifiedBootOptions<Reference>): BootFile<Reference>[] {
  const content: BootContent<Reference> = { kind: "pieces", pieces: options.image };
  const loader = planLoader(options);
  return inOrder([...loader, { path: `/EFI/Linux/${options.entryToken}-${options.kernelVersion}.efi`, content }]);
}

/** What `bootctl` installs, whatever the entries are. */
function planLoader<Reference>(options: CommonOptions<Reference>): BootFile<Reference>[] {
  const { architecture, bootLoader, timeoutSeconds = 3 } = options;
  checkName("entry token", options.entryToken);
  checkName("kernel version", options.kernelVersion);
  return [
    file(`/EFI/BOOT/${architecture.efiBootFile}`, bootLoader),
    file(`/EFI/systemd/systemd-boot${architecture.systemdEfi}.efi`, bootLoader),
    text(`/loader/entries.srel`, "type1\n"),
    text(`/loader/loader.conf`, `timeout ${timeoutSeconds}\nconsole-mode keep\n`),
  ];
}

function file<Reference>(path: string, reference: Reference): BootFile<Reference> {
  return { path, content: { kind: "file", reference } };
}

function text(path: string, content: string): BootFile<never> {
  return { path, content: { kind: "text", text: content } };
}

function inOrder<Reference>(files: readonly BootFile<Reference>[]): BootFile<Reference>[] {
  return files.toSorted((a, b) => compareCodeUnits(a.path, b.path));
}

function formatEntry<Reference>(options: SystemdBootOptions<Reference>, directory: string): string {
  const fields: [key: string, value: string][] = [
    ["title", checkLine("title", options.title)],
    ["version", options.kernelVersion],
    ...(options.sortKey === undefined
      ? []
      : [["sort-key", checkLine("sort key", options.sortKey)] as [string, string]]),
    ...(/^[0-9a-f]{32}$/.test(options.entryToken) ? [["machine-id", options.entryToken] as [string, string]] : []),
    ["options", kernelCommandLine(options.cmdline, options.rootPartUuid, options.rootMode)],
    ["linux", `${directory}/linux`],
    ...options.initrds.map(({ name }): [string, string] => ["initrd", `${directory}/${name}`]),
  ];
  return fields.map(([key, value]) => `${key.padEnd(10)} ${value}\n`).join("");
}

/**
 * The whole kernel command line: the root file system first, unless the template names its own.
 *
 * @throws {IMAGE_PLAN_INVALID} it has a line break or another control character, or is too long for a kernel
 * @see kernel-command-line(7)
 */
export function kernelCommandLine(cmdline: string, rootPartUuid: string, rootMode: "ro" | "rw" = "ro"): string {
  const words = splitWords(checkLine("kernel command line", cmdline));
  const names = words.map((word) => word.split("=", 1)[0]);
  const mode = names.some((name) => name === "ro" || name === "rw") ? [] : [rootMode];
  const root = names.includes("root") ? [] : [`root=PARTUUID=${rootPartUuid}`, ...mode];
  const line = [...root, ...words].join(" ");
  if (Buffer.byteLength(line) <= MAX_CMDLINE_LENGTH) return line;
  throw new ComposerError(
    "IMAGE_PLAN_INVALID",
    `Cannot write the kernel command line: it has ${Buffer.byteLength(line)} bytes, kernels take ${MAX_CMDLINE_LENGTH}`,
    { hint: "Shorten systemConfig.kernel.cmdline" },
  );
}

/** Words parted by white space; the kernel lets double quotes keep it. */
function splitWords(cmdline: string): string[] {
  return cmdline.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

function checkLine(what: string, value: string): string {
  const line = value.trim();
  if (!/\p{Cc}/u.test(line.replaceAll("\t", " "))) return line;
  throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot write the ${what}: it has a line break or control character`, {
    hint: "Write it as one line",
  });
}

/** Names become paths on a FAT file system and fields of an entry. */
function checkName(what: string, name: string): void {
  if (TOKEN.test(name) && !name.endsWith(".")) return;
  throw new ComposerError("IMAGE_PLAN_INVALID", `Cannot write a boot entry: "${name}" is no ${what}`, {
    hint: "Use letters, digits, and the characters + _ . - only",
  });
}
