import { workerData } from "node:worker_threads";
import { BundleWriter } from "./bundleWriter";
import type { IssuanceSettings } from "./job";
import { answerJobs } from "./threadAnswers";

// What a worker thread runs.
answerJobs(new BundleWriter(workerData as IssuanceSettings));
