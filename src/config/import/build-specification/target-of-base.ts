import type { TargetSection } from "../../template/schema/index.ts";

type System = Pick<TargetSection, "os" | "dist">;

const DEBIAN_CODENAMES: Readonly<Record<string, number>> = { bullseye: 11, bookworm: 12, trixie: 13, forky: 14 };
const UBUNTU_CODENAMES: Readonly<Record<string, number>> = { focal: 20, jammy: 22, noble: 24, resolute: 26 };

interface Family {
  readonly os: TargetSection["os"];
  readonly names: readonly string[];
  readonly prefix: string;
  /** The major versions that can be built; any when absent. */
  readonly versions?: readonly number[];
  readonly codenames?: Readonly<Record<string, number>>;
}

const FAMILIES: readonly Family[] = [
  { os: "debian", names: ["debian"], prefix: "debian", versions: [12, 13], codenames: DEBIAN_CODENAMES },
  { os: "ubuntu", names: ["ubuntu"], prefix: "ubuntu", versions: [24, 26], codenames: UBUNTU_CODENAMES },
  {
    os: "azure-linux",
    names: ["azure-linux", "azurelinux", "azl", "mariner", "cbl-mariner"],
    prefix: "azl",
    versions: [3],
  },
  {
    os: "edge-microvisor-toolkit",
    names: ["edge-microvisor-toolkit", "emt", "edge-microvisor"],
    prefix: "emt",
    versions: [3],
  },
  { os: "wind-river-elxr", names: ["wind-river-elxr", "elxr"], prefix: "elxr", versions: [12, 13] },
  {
    os: "redhat-compatible-distro",
    names: ["redhat-compatible-distro", "rhel", "redhat", "centos", "rocky", "rockylinux", "almalinux", "alma", "el"],
    prefix: "el",
  },
];

export const BASE_NAMES: readonly string[] = FAMILIES.flatMap(({ names }) => names);

/**
 * The target of an operating system and its version: the same one, else the nearest that is offered.
 *
 * @param version a number with any further parts, `debian12`, or the name of a release
 * @returns undefined for an unknown system; no `dist` for a version that is none
 */
export function targetOfBase(
  os: string,
  version: string,
): { readonly os: System["os"]; readonly dist?: string; readonly isSame: boolean } | undefined {
  const family = FAMILIES.find(({ names }) => names.includes(os.trim().toLowerCase()));
  if (family === undefined) return undefined;
  const { prefix, versions, codenames = {} } = family;
  const word = version.trim().toLowerCase();
  const bare = word.startsWith(prefix) ? word.slice(prefix.length) : word;
  const digits = /^(\d{1,3})(\.\d+)*$/.exec(bare)?.[1];
  const major = digits === undefined ? (Object.hasOwn(codenames, word) ? codenames[word] : undefined) : Number(digits);
  if (major === undefined) return { os: family.os, isSame: false };
  if (versions === undefined || versions.includes(major))
    return { os: family.os, dist: `${prefix}${major}`, isSame: true };
  const nearest = [...versions].sort((a, b) => Math.abs(a - major) - Math.abs(b - major))[0] ?? major;
  return { os: family.os, dist: `${prefix}${nearest}`, isSame: false };
}
