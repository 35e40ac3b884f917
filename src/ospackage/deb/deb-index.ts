import type { IndexedPackage } from "../indexed-package.ts";

/** One stanza of a Packages index; relation fields are their raw text, empty when absent. */
export interface DebPackage extends IndexedPackage {
  readonly essential: boolean;
  readonly priority: string;
  readonly multiArch: "no" | "same" | "foreign" | "allowed";
  readonly depends: string;
  readonly preDepends: string;
  readonly recommends: string;
  readonly conflicts: string;
  readonly breaks: string;
  readonly replaces: string;
  readonly provides: string;
}

/** The packages of one repository for one architecture (and `all`), opened from a compact form; stanzas are parsed on demand. */
export interface DebIndex {
  readonly packageCount: number;
  /** Every name, in code unit order, once. */
  names(): Iterable<string>;
  /** All versions of a name, in the order of the index; empty when there are none. */
  byName(name: string): readonly DebPackage[];
  /** The packages whose Provides names `name`, in the order of the index. */
  providersOf(name: string): readonly DebPackage[];
  /** The packages marked Essential, or with Priority required. */
  essential(): readonly DebPackage[];
  required(): readonly DebPackage[];
}
