import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Batch, Bench } from "./batch";
import { without } from "./inputs";
import type { Properties } from "./wire";

/** A batch of the requests in a folder. */
export function requestBatch(
  bench: Bench,
  requests: string,
  overrides: Properties = {},
): Batch {
  const batch = bench.batch([], { requests, ...overrides });
  batch.inputs = without(batch.inputs, "devices");
  return batch;
}

/** The certificate a device has on disk. */
export function certificateOf(output: string, folder: string): X509Certificate {
  return new X509Certificate(readFileSync(join(output, folder, "cert.pem")));
}
