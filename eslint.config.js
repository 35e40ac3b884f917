import tseslint from "typescript-eslint";

const effects = [
  "node:child_process",
  "node:fs",
  "node:fs/promises",
  "node:http",
  "node:https",
  "node:net",
  "node:os",
  "node:tls",
  "node:worker_threads",
  "undici",
];

/** Effects live in src/host only: the rest of src/ takes them as arguments. */
const effectsAtTheEdge = {
  files: ["src/**/*.ts"],
  ignores: ["src/host/**", "src/**/*.test.ts", "src/cli/main.ts"],
  rules: {
    "no-restricted-imports": [
      "error",
      { paths: effects.map((name) => ({ name, message: "Effects belong in src/host." })) },
    ],
    "no-restricted-globals": ["error", "process", "fetch"],
    "no-restricted-properties": [
      "error",
      { object: "Date", property: "now", message: "Take the time from host/clock or SOURCE_DATE_EPOCH." },
      { object: "Math", property: "random", message: "Outputs are deterministic." },
    ],
  },
};

export default tseslint.config(
  { ignores: ["node_modules/", ".toolchain/", "cache/", "workspace/", "output/", "tmp/", "dist/"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "*.cjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/require-await": "off",
      "no-console": "error",
      eqeqeq: "error",
      "prefer-const": "error",
    },
  },
  { files: ["test/**/*.ts", "bench/**/*.ts"], rules: { "no-console": "off" } },
  effectsAtTheEdge,
);
