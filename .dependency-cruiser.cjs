/**
 * The folders of src/, from the top of the house to the bottom: each may import only from those that stand after it.
 *
 * `docs/architecture.md` says what is in which.
 */
const LAYERS = ["cli", "build", "provider", "image", "chroot", "evidence", "ospackage", "config", "host", "core"];

/** Modules that act on the world; `src/host` wraps them, and the tests and the entry point may use them. */
const EFFECTS = [
  ...["child_process", "cluster", "dgram", "dns", "fs", "http", "http2", "https", "inspector", "net", "os"],
  ...["process", "readline", "repl", "tls", "worker_threads"],
];

const TESTS = "\\.test\\.ts$";

const upward = LAYERS.slice(1).map((layer, index) => ({
  name: `${layer}-imports-upward`,
  comment: `src/${layer} may import only from the folders below it: ${LAYERS.slice(index + 2).join(", ") || "none"}`,
  severity: "error",
  from: { path: `^src/${layer}/` },
  to: { path: `^src/(${LAYERS.slice(0, index + 1).join("|")})/` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    {
      name: "past-the-index",
      comment: "Other top-level folders are imported through their index.ts; a thread loads what it does alone",
      severity: "error",
      from: { path: "^src/([^/]+)/", pathNot: [TESTS, "^src/cli/thread-main\\.ts$"] },
      to: { path: "^src/", pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$"] },
    },
    {
      name: "outside-the-layers",
      comment: `Every module of src/ is in one of the folders ${LAYERS.join(", ")}`,
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(${LAYERS.join("|")})/` },
      to: {},
    },
    {
      name: "cycle",
      comment: "Modules don't import each other in a circle",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "effect-outside-host",
      comment: "Processes, files, network and clock are touched in src/host only; take them as an argument",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/host/", "^src/cli/main\\.ts$", TESTS] },
      to: { path: [`^(node:)?(${EFFECTS.join("|")})(/|$)`, "node_modules/undici/"] },
    },
    {
      name: "program-imports-test",
      comment: "The program does not need its tests",
      severity: "error",
      from: { path: "^src/", pathNot: TESTS },
      to: { path: [TESTS, "^(test|bench)/"] },
    },
    {
      name: "undeclared-package",
      comment: "The program imports only packages that package.json names as its dependencies",
      severity: "error",
      from: { path: "^src/", pathNot: TESTS },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "npm-optional"] },
    },
    {
      name: "unresolvable",
      comment: "What is imported is there",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Imports of types count: they too say which room knows which.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: ["node_modules", "^test/"] },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
