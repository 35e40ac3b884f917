import { type IndexFormat, POSTING_LISTS_PARTS } from "../compact-index/index.ts";

/** Numbers of the parts that follow the records. */
export const DEB_PART = {
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
  parts: ["words", ...POSTING_LISTS_PARTS, ...POSTING_LISTS_PARTS, "words", "words"],
};
