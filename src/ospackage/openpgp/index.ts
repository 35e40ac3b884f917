/** OpenPGP: which keys are trusted, and what a signature is worth. */
export * from "./judge-signature.ts";
export * from "./streamed-signature.ts";
export * from "./trusted-keys.ts";
