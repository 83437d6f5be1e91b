import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "mr-output/", "bench/.venv/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers read well in messages as they are; the rest of the rule stays.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `map` and `reduce` may return nothing or a value: that is the contract of an app.
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "exit",
          message: "It drops what a slow reader of standard output or error has not taken yet: see terminal/exit.ts.",
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          name: "node:os",
          importNames: ["userInfo"],
          message: "It throws for a user without a name: see machine/process.ts.",
        },
      ],
    },
  },
  {
    // The one place that may, and what runs in a thread, in tests and in tools.
    files: ["src/terminal/exit.ts", "src/worker/executor.ts", "apps/**", "bench/**", "scripts/**", "test/**"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { process: "readonly", URL: "readonly", console: "readonly" } },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { globals: { process: "readonly", require: "readonly" } },
  },
);
