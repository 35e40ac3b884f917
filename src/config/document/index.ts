/** YAML documents with positions: parsing, comparing with a schema, issues with code frames. */
export * from "./check-schema.ts";
export * from "./document-path.ts";
export * from "./format-issues.ts";
export * from "./issue.ts";
export type * from "./json-schema.ts";
export * from "./parse-document.ts";
export * from "./positions.ts";
export * from "./read-document.ts";
