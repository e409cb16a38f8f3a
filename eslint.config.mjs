import eslint from "@eslint/js";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      "dist/",
      "rendered/",
      ".state/",
      "coverage/",
      // Programs of their own, checked against the packed package by a test.
      "examples/own-program/",
      "examples/batch-on-kubernetes/",
      "examples/cluster/",
      "examples/mosquitto/",
      "examples/thingsboard-aws/",
      "examples/thingsboard-edge/",
      "examples/thingsboard-minikube/",
      "examples/thingsboard-tbmq/",
    ],
  },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Taking members out of an object by naming them beside its rest is how an object is copied without them.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true },
      ],
      // Numbers are what messages are made of; their text is never ambiguous.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true },
      ],
    },
  },
  {
    files: ["**/*.cjs", "**/*.mjs", "**/*.js"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        require: "readonly",
        module: "readonly",
        __dirname: "readonly",
        setTimeout: "readonly",
        URL: "readonly",
        performance: "readonly",
      },
    },
  },
  prettier,
);
