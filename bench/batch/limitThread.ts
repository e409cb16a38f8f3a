import { createECDH, randomFillSync, sign } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { LimitCount, LimitSettings } from "./limit";

const SCALAR = 32;
const POOLED = 256;
/** A certificate of a device without its signature, about. */
const SIGNED_OCTETS = 400;

const { key, task, seconds } = workerData as LimitSettings;
const curve = createECDH("prime256v1");
const pool = Buffer.alloc(POOLED * SCALAR);
const scalars = Array.from({ length: POOLED }, (_, index) =>
  pool.subarray(index * SCALAR, (index + 1) * SCALAR),
);
const content = randomFillSync(Buffer.alloc(SIGNED_OCTETS));

function count(milliseconds: number): LimitCount {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    if (task === "pairs") {
      randomFillSync(pool);
      for (const scalar of scalars) {
        curve.setPrivateKey(scalar);
        curve.getPublicKey();
        sign("sha256", content, key);
      }
    } else {
      for (let index = 0; index < POOLED; index += 1) {
        sign("sha256", content, key);
      }
    }
    done += POOLED;
    elapsed = performance.now() - start;
  }
  return { count: done, seconds: elapsed / 1000 };
}

count(200);
parentPort?.once("message", () => {
  parentPort?.postMessage(count(seconds * 1000));
});
parentPort?.postMessage("ready");
