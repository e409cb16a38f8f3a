/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2022" },
        module: { type: "commonjs" },
      },
    ],
  },
  testTimeout: 120_000,
  // Whole updates start three processes each; more workers than cores would only make them wait.
  maxWorkers: "100%",
  // Programs that tests start have package files of their own, several of one name.
  modulePathIgnorePatterns: [
    "<rootDir>/\\.state",
    "<rootDir>/dist",
    "/fixtures/",
    "/conformance/program/",
  ],
  reporters: ["default", "<rootDir>/test/support/summaryReporter.cjs"],
};
