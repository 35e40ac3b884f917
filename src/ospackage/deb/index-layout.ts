import type { IndexFormat } from "../compact-index/index.ts";

/** Numbers of the pieces that follow the records. */
export const DEB_PIECE = {
  /** Where each record ends. */
  recordEnds: 0,
  /** Names of packages, and for each the numbers of its records. */
  names: 1,
  /** Names that packages provide, and for each the numbers of the records that do. */
  provided: 5,
  essential: 9,
  required: 10,
} as const;

export const DEB_INDEX: IndexFormat = {
  magic: Buffer.from("OICDEB\0\u0002", "latin1"),
  parts: ["ends", "lists", "lists", "numbers", "numbers"],
};
