/** Who owns an entry and what may be done with it. */
export interface Attributes {
  /** Permission bits, with set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** One change to a root tree; `path` is absolute, with the root of the tree as `/`. */
export type TreeChange =
  | (Attributes & { readonly kind: "write"; readonly path: string; readonly content: string | Uint8Array })
  /** `from` is a file of the host. */
  | (Attributes & { readonly kind: "copy"; readonly path: string; readonly from: string })
  | (Attributes & { readonly kind: "directory"; readonly path: string })
  /** `target` is written as it is; the link belongs to root unless the owner is given. */
  | {
      readonly kind: "symlink";
      readonly path: string;
      readonly target: string;
      readonly uid?: number;
      readonly gid?: number;
    }
  /** Gives an existing entry away; its mode stays. */
  | { readonly kind: "owner"; readonly path: string; readonly uid: number; readonly gid: number }
  /** Removes an entry, a directory with all that is in it; nothing there is no error. */
  | { readonly kind: "remove"; readonly path: string };

const ROOT = { uid: 0, gid: 0 } as const;

/** A file of root's that everyone may read. */
export function rootFile(path: string, content: string, mode = 0o644): TreeChange {
  return { kind: "write", path, content, mode, ...ROOT };
}

/** A directory of root's that everyone may read. */
export function rootDirectory(path: string, mode = 0o755): TreeChange {
  return { kind: "directory", path, mode, ...ROOT };
}

export function symlink(path: string, target: string): TreeChange {
  return { kind: "symlink", path, target };
}

export function removal(path: string): TreeChange {
  return { kind: "remove", path };
}
