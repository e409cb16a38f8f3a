import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { splitCertificates } from "../pki/pem";
import { quote } from "../pki/problem";
import { attempt } from "../pki/examine/reading";
import { reason } from "./files";
import { UsageError } from "./options";
import type { ReadObject } from "./probe/cluster";
import { openCluster } from "./probe/cluster";
import type { ConnectOptions } from "./probe/connection";
import { readChain } from "./probe/connection";
import { tryDevice } from "./probe/device";
import { confirmedBundles, findingsOf } from "./probe/findings";
import type { Known } from "./probe/known";
import { knownOf } from "./probe/known";
import type { Device, DeviceReport, PlaceReport } from "./probe/place";
import {
  factsOfDevice,
  reportBroker,
  reportObject,
  unreachable,
} from "./probe/place";
import { exitCodeOf, probeJson, probeText } from "./probe/report";
import type { BrokerTarget, ObjectTarget, Target } from "./probe/target";
import { readTarget } from "./probe/target";
import type { RotationSurroundings } from "./rotation";
import { addStateOptions, readState } from "./rotation/stateOptions";
import type { StateOptions } from "./rotation/stateOptions";

interface ProbeOptions extends StateOptions {
  readonly certificate?: readonly string[];
  readonly key?: readonly string[];
  readonly servername?: string;
  readonly timeout: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly json?: boolean;
}

/** What all places are asked with. */
interface Round {
  readonly known: Known;
  readonly now: Date;
  readonly devices: readonly Device[];
  readonly connect: ConnectOptions;
  /** Opened once, and only where an object is to be read. */
  readonly cluster: () => Promise<ReadObject>;
}

/** Adds `probe`, which asks brokers and objects of a cluster what they serve and trust. */
export function addProbeCommand(
  root: Command,
  surroundings: RotationSurroundings,
  end: (code: number) => void,
): void {
  addStateOptions(root.command("probe"))
    .description(
      "Asks brokers, Secrets and ConfigMaps what they serve and trust, and holds it against the stack's state.",
    )
    .argument(
      "<place...>",
      "mqtts://host:8883, secret/namespace/name or configmap/namespace/name",
    )
    .option(
      "--certificate <file>",
      "chain of a device to connect as, PEM (may be given again, each with its --key)",
      collect,
    )
    .option("--key <file>", "its key, PEM", collect)
    .option("--servername <name>", "ask brokers for this name (SNI)")
    .option("--timeout <seconds>", "wait this long for each answer", "10")
    .option("--kubeconfig <file>", "which clusters there are")
    .option("--context <name>", "the one that is meant")
    .option("--json", "print a JSON document")
    .action(async (places: string[], options: ProbeOptions) => {
      end(await probe(places, options, surroundings));
    });
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function probe(
  texts: readonly string[],
  options: ProbeOptions,
  { now, out, error }: RotationSurroundings,
): Promise<number> {
  const timeout = readTimeout(options.timeout);
  const devices = readDevices(options);
  const known = knownOf(readState(options));
  const { servername, kubeconfig, context } = options;
  let cluster: Promise<ReadObject> | undefined;
  const round: Round = {
    known,
    now,
    devices,
    connect: { timeout, ...(servername !== undefined && { servername }) },
    cluster: () =>
      (cluster ??= openCluster({
        timeout,
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
      })),
  };
  const places = await Promise.all(
    texts.map((text) => ask(readTarget(text), round)),
  );
  const findings = findingsOf(places);
  const report = {
    stack: options.stack,
    at: now,
    places,
    findings,
    confirmed: confirmedBundles(places, findings, known),
  };
  out(
    options.json === true
      ? `${JSON.stringify(probeJson(report), undefined, 2)}\n`
      : probeText(report),
  );
  for (const line of unanswered(places)) {
    error(`error: ${line}\n`);
  }
  return exitCodeOf(report);
}

function unanswered(places: readonly PlaceReport[]): string[] {
  return places.flatMap(({ place, problem, devices }) => [
    ...(problem === undefined ? [] : [`${place}: ${problem}`]),
    ...devices
      .filter(({ answer }) => answer === "unknown")
      .map(({ name, detail = "" }) => `${place}: as ${name}: ${detail}`),
  ]);
}

async function ask(target: Target, round: Round): Promise<PlaceReport> {
  try {
    switch (target.kind) {
      case "wrong":
        return unreachable(target.place, target.problem);
      case "broker":
        return await askBroker(target, round);
      default:
        return await askObject(target, round);
    }
  } catch (problem) {
    return unreachable(
      target.place,
      problem instanceof Error ? problem.message : "cannot be asked.",
    );
  }
}

async function askBroker(
  target: BrokerTarget,
  { known, now, devices, connect }: Round,
): Promise<PlaceReport> {
  const chainPem = await readChain(target, connect);
  const answers: DeviceReport[] = [];
  // One after the other: some brokers hold back who comes with many connections at once.
  for (const device of devices) {
    answers.push({
      ...factsOfDevice(device, known, now),
      ...(await tryDevice(target, connect, device)),
    });
  }
  return reportBroker(target.place, chainPem, answers, known, now);
}

async function askObject(
  target: ObjectTarget,
  { known, now, cluster }: Round,
): Promise<PlaceReport> {
  const read = await cluster();
  return reportObject(target.place, await read(target), known, now);
}

function readTimeout(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600)) {
    throw new UsageError(
      `--timeout ${quote(text)} is no number of seconds from 1 to 600.`,
    );
  }
  return seconds * 1000;
}

/** @throws UsageError with all that is wrong with the files */
function readDevices({
  certificate: chains = [],
  key: keys = [],
}: ProbeOptions): Device[] {
  if (chains.length !== keys.length) {
    throw new UsageError(
      `each --certificate needs its --key, in the same order; there are ${chains.length} and ${keys.length}.`,
    );
  }
  const read = chains.map((chain, index) =>
    readDevice(chain, keys[index] ?? ""),
  );
  const problems = read.flatMap((one) =>
    typeof one === "string" ? [one] : [],
  );
  if (problems.length > 0) {
    throw new UsageError(problems.join("\nerror: "));
  }
  return read.filter((one) => typeof one !== "string");
}

/** The device, or what is wrong with its files; nothing that stands in them. */
function readDevice(name: string, keyFile: string): Device | string {
  try {
    const chain = readFileSync(name, "utf8");
    const [leaf] = splitCertificates(chain);
    const certificate = attempt(() => new X509Certificate(leaf ?? ""));
    if (certificate === undefined) {
      return `--certificate ${name} holds no certificate in PEM.`;
    }
    return withKey({ name, chain }, certificate, keyFile);
  } catch (problem) {
    return `--certificate ${name} ${reason(problem)}`;
  }
}

function withKey(
  device: Omit<Device, "key">,
  certificate: X509Certificate,
  keyFile: string,
): Device | string {
  try {
    const key = readFileSync(keyFile, "utf8");
    const parsed = attempt(() => createPrivateKey(key));
    if (parsed === undefined) {
      return `--key ${keyFile} holds no key in PEM, or an encrypted one; decrypt it into a file that only you can read.`;
    }
    return certificate.checkPrivateKey(parsed)
      ? { ...device, key }
      : `--key ${keyFile} is not the key of ${device.name}.`;
  } catch (problem) {
    return `--key ${keyFile} ${reason(problem)}`;
  }
}
