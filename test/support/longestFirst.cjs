const { join, relative, sep } = require("node:path");
const { default: Sequencer } = require("@jest/test-sequencer");

const ROOT = join(__dirname, "..", "..");

/**
 * Seconds of CPU the longest files take, so that none of them is begun last, with the other workers idle. None of
 * `test/cluster`: begun early, it would wait for its API server to be built.
 */
const SECONDS = new Map(
  Object.entries({
    "test/e2e/conformance/conformance.test.ts": 180,
    "test/brokers/brokers.test.ts": 90,
    "test/e2e/thingsBoardExamples.test.ts": 60,
    "test/e2e/rotation/toTheEnd.test.ts": 50,
    "test/e2e/kill/ownPlugin.test.ts": 40,
    "test/provider/ledger.test.ts": 35,
    "test/engine/updates.test.ts": 35,
    "test/e2e/rotation/crash.test.ts": 30,
    "test/e2e/changes.test.ts": 30,
    "test/e2e/rotation/runbooks.test.ts": 30,
    "test/e2e/renewal.test.ts": 28,
    "test/e2e/adoption.test.ts": 27,
    "test/interop/thingsBoardLoader.test.ts": 25,
    "test/e2e/thingsBoardOnboarding.test.ts": 25,
    "test/engine/failures.test.ts": 25,
    "test/provider/deviceBatchSealedWatch.test.ts": 22,
    "test/provider/bundleSealedWatch.test.ts": 20,
    "test/provider/liveCertificates.test.ts": 20,
    "test/e2e/batchOnKubernetes.test.ts": 20,
    "test/e2e/package.test.ts": 20,
  }),
);

/** Begins with the files that take longest. Jest knows only how long they took in this very checkout. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.every(({ duration }) => typeof duration === "number")) {
      return sorted;
    }
    return sorted
      .map((test) => ({ test, seconds: secondsOf(test) }))
      .sort((one, other) => other.seconds - one.seconds)
      .map(({ test }) => test);
  }
};

function secondsOf({ path, duration }) {
  const name = relative(ROOT, path).split(sep).join("/");
  return typeof duration === "number"
    ? duration / 1000
    : (SECONDS.get(name) ?? 0);
}
