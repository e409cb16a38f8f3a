const { writeSync } = require("node:fs");

/** Ends a run with one plain line: what passed, failed and was skipped. */
module.exports = class SummaryReporter {
  onRunComplete(_contexts, results) {
    // A file that could not even be loaded counts as one failure: its tests are not in any of the other numbers.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    // At the very end: jest's own summary follows what reporters print.
    process.once("exit", () => {
      writeSync(
        1,
        `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`,
      );
    });
  }
};
