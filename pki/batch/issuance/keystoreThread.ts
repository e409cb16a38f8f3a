import { workerData } from "node:worker_threads";
import { makeDeviceKeystore } from "../deviceKeystore";
import { BundleWriter } from "./bundleWriter";
import type { IssuanceSettings } from "./job";
import { answerJobs } from "./threadAnswers";

// What a worker thread runs for a batch with keystores: it loads the libraries that make them.
answerJobs(
  new BundleWriter(workerData as IssuanceSettings, makeDeviceKeystore),
);
