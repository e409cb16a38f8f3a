import { formatDate } from "../../pki/validity";
import { counted } from "../../rotation/refusal";
import { table } from "../rotation/status";
import { ExitCode } from "../verifyReport";
import type { BundleReport } from "./bundle";
import type { ChainReport, Rung, Verdict } from "./chain";
import { Standing } from "./chain";
import { Answer } from "./device";
import type { ConfirmedBundle, Finding } from "./findings";
import { isUnanswered } from "./findings";
import { nameGeneration } from "./known";
import type { DeviceReport, PlaceReport } from "./place";

/** What a run has found. */
export interface ProbeReport {
  readonly stack: string;
  readonly at: Date;
  readonly places: readonly PlaceReport[];
  readonly findings: readonly Finding[];
  readonly confirmed: readonly ConfirmedBundle[];
}

/** 2 where a place could not be asked, 1 where one is behind the state. */
export function exitCodeOf({ places, findings }: ProbeReport): number {
  return places.some(isUnanswered)
    ? ExitCode.Unreadable
    : findings.length > 0
      ? ExitCode.Findings
      : ExitCode.Fine;
}

/** The report for programs; see docs/probe.md. */
export function probeJson(report: ProbeReport): Record<string, unknown> {
  const { stack, at, places, findings, confirmed } = report;
  return {
    schema: "mqtt-pki/probe/1",
    stack,
    at: formatDate(at),
    places: places.map((place) => ({
      ...place,
      result: resultOf(place, report),
    })),
    findings,
    confirmedBundles: confirmed,
    exitCode: exitCodeOf(report),
  };
}

/** The report for people. */
export function probeText(report: ProbeReport): string {
  const { at, places, findings, confirmed } = report;
  const head = ["PLACE", "SERVES", "ENDS", "CHAINS TO", "TRUSTS", "RESULT"];
  const rows = places.map((place) => [
    place.place,
    place.chain?.subject ?? "-",
    place.chain?.notAfter.slice(0, 10) ?? "-",
    place.chain === undefined ? "-" : rungsText(place.chain.chainsTo),
    trustText(place),
    resultOf(place, report),
  ]);
  return [
    `${formatDate(at)}\n`,
    table([head, ...rows]),
    lines(
      findings.map(({ place, message }) => `${place}: ${message}`),
      `${counted(findings.length, "finding")}:`,
    ),
    ...places
      .filter(({ problem }) => problem === undefined)
      .map((place) => lines(detailOf(place), place.place)),
    ...confirmed.map(
      ({ authority, sha256, places: holders, note = "" }) =>
        `${authority}: every bundle that was asked for is the published one (${holders.join(", ")}); ${note}.\nconfirmedBundle: "${sha256}"\n`,
    ),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

function lines(texts: readonly string[], title: string): string {
  return texts.length === 0
    ? ""
    : `${title}\n${texts.map((text) => `  ${text}\n`).join("")}`;
}

function resultOf(
  { place, problem, devices }: PlaceReport,
  { findings }: ProbeReport,
): string {
  return problem !== undefined
    ? "not asked"
    : devices.some(({ answer }) => answer === Answer.Unknown)
      ? "no answer"
      : findings.some((finding) => finding.place === place)
        ? "BEHIND"
        : "ok";
}

function rungsText(rungs: readonly Rung[]): string {
  return rungs.length === 0
    ? "no CA of this stack"
    : rungs
        .map(
          ({ authority, id, state }) =>
            `${authority} ${id}${state === "active" ? "" : ` (${state})`}`,
        )
        .join(", ");
}

function trustText({ bundles, devices }: PlaceReport): string {
  const held = bundles.map(
    ({ authority = "no root of this stack", generations }) =>
      [authority, ...generations.map(({ id }) => id)].join(" "),
  );
  const tried = devices.map(
    ({ chainsTo, answer }) =>
      `${rungsText(chainsTo.slice(-1))}: ${ANSWERS[answer] ?? answer}`,
  );
  return [...held, ...tried].join(", ") || "-";
}

const ANSWERS: Readonly<Record<string, string>> = {
  [Answer.Accepted]: "accepted",
  [Answer.Refused]: "refused",
  [Answer.NotAuthorized]: "not authorized",
  [Answer.Unknown]: "unknown",
};

const STANDINGS: Readonly<Record<string, string>> = {
  [Standing.Current]: "up to date",
  [Standing.OldChain]:
    "the certificate of the state, under the chain of before",
  [Standing.Older]: "older than the one of the state",
  [Standing.Newer]: "newer than the one of the state",
  [Standing.Unknown]: "not in this state",
};

function detailOf({ chain, bundles, devices }: PlaceReport): string[] {
  return [
    ...(chain === undefined ? [] : chainDetail(chain)),
    ...bundles.flatMap(bundleDetail),
    ...devices.map(deviceDetail),
  ];
}

function chainDetail(chain: ChainReport): string[] {
  const { subject, notBefore, notAfter, fingerprintSha256, length } = chain;
  const { standing, chainsTo, anchors, bundles } = chain;
  return [
    `serves    ${subject}, of ${notBefore.slice(0, 10)}, ends on ${notAfter}`,
    `          SHA-256 ${fingerprintSha256}, ${counted(length, "certificate")} in the chain; ${STANDINGS[standing] ?? standing}`,
    `chain     ${chainsTo.map(nameGeneration).join(", ") || "no CA of this stack"}`,
    ...anchors.map(
      (verdict) =>
        `verifies  with ${verdict.id ?? ""} of ${verdict.authority} alone: ${verdictText(verdict)}`,
    ),
    ...bundles.map(
      (verdict) =>
        `verifies  with the bundle of ${verdict.authority}: ${verdictText(verdict)}`,
    ),
  ];
}

function verdictText({ verifies, problem = "" }: Verdict): string {
  return verifies ? "yes" : `no: ${problem}`;
}

function bundleDetail(bundle: BundleReport): string[] {
  const { entry, sha256, authority, generations, published } = bundle;
  return [
    `${entry.padEnd(9)} ${sha256}${published ? ", as published" : ""}`,
    `          ${
      authority === undefined
        ? "no root of this stack"
        : generations
            .map((generation) => nameGeneration({ authority, ...generation }))
            .join(", ")
    }`,
  ];
}

function deviceDetail(device: DeviceReport): string {
  const { name, subject, chainsTo, answer, detail } = device;
  const of = chainsTo.map(nameGeneration).join(", ") || "no CA of this stack";
  return `device    ${name}, ${subject}, below ${of}: ${ANSWERS[answer] ?? answer}${detail === undefined ? "" : ` (${detail})`}`;
}
