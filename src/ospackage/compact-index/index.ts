/**
 * The binary form that package indexes are kept in: records, opened without being parsed, and lists that find them.
 */
export * from "./byte-sink.ts";
export * from "./hash-lists.ts";
export * from "./index-layout.ts";
export * from "./join-indexes.ts";
export * from "./posting-lists.ts";
