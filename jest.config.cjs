const { availableParallelism } = require("node:os");

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
  // Whole updates keep the cores busy; tests of brokers and clusters wait for those most of the time.
  maxWorkers: availableParallelism() + 1,
  testSequencer: "<rootDir>/test/support/longestFirst.cjs",
  // Programs that tests start have package files of their own, several of one name.
  modulePathIgnorePatterns: [
    "<rootDir>/\\.state",
    "<rootDir>/dist",
    "/fixtures/",
    "/conformance/program/",
  ],
  // What takes minutes to build is built beside the tests that do without.
  globalSetup: "<rootDir>/test/cluster/startBuild.ts",
  reporters: ["default", "<rootDir>/test/support/summaryReporter.cjs"],
};
