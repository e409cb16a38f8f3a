import { setTimeout as pause } from "node:timers/promises";
import type { IssuanceSettings } from "../../pki/batch/issuance/job";
import { issuersFor } from "../../pki/batch/issuance/threads";
import { DEFAULT_KEY, generateKey } from "../../pki/key";

test("a thread that cannot start is told by the job that it was to do, and ends nothing else", async () => {
  const settings: IssuanceSettings = {
    format: "ndjson",
    compression: "none",
    folder: "nowhere",
    signingKey: generateKey(DEFAULT_KEY),
    // What it cannot start with.
    issuerCertificate: "no certificate",
    key: DEFAULT_KEY,
    recipients: [],
    signedAt: 0,
  };
  const issuers = issuersFor(settings, 5_000, 1);
  try {
    // It is gone before there is a job: nobody would answer one.
    await pause(3_000);
    await expect(
      issuers.run({
        number: 1,
        ids: ["a"],
        templates: [],
        shapes: new Uint16Array(1),
        texts: new Map(),
        keptKeys: new Uint8Array(0),
        keptKeyEnds: new Uint32Array(0),
      }),
    ).rejects.toThrow(/PEM|certificate/i);
  } finally {
    await issuers.end();
  }
});
