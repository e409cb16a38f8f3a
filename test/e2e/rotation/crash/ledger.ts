import { z } from "zod";
import { nameOf } from "../../kill/killedState";
import type { KilledState } from "../../kill/killedState";
import { certificateAt, splitPem } from "../../../support/certificates";
import { digest } from "../../../support/rendered";
import type { Look } from "./look";
import type { Step } from "./steps";
import { COMPONENTS, NEW, OLD, STATES } from "./steps";

const ledgerSchema = z.object({
  activeGeneration: z.string(),
  bundleSha256: z.string(),
  bundlePublished: z.string(),
  evidence: z.record(
    z.string(),
    z.object({
      state: z.string(),
      firstPublished: z.string(),
      activeSince: z.string().exactOptional(),
      deactivatedAt: z.string().exactOptional(),
      subjectKeyIdentifier: z.string(),
      fingerprintSha256: z.string(),
    }),
  ),
  tombstones: z.record(
    z.string(),
    z.object({
      retiredAt: z.string(),
      subjectKeyIdentifier: z.string(),
      fingerprintSha256: z.string(),
    }),
  ),
});

/** What the state says that updates did with a CA. */
export type Ledger = z.infer<typeof ledgerSchema>;

/** The three looks at an update that was killed. */
export interface Looks {
  readonly before: Look;
  readonly killed: Look;
  readonly after: Look;
}

/** When the killed update ran, and when the one that finished it did. */
export interface Span {
  readonly killed: Date;
  readonly finished: Date;
}

/** The ledgers in a state, by their CAs. */
export function ledgersOf({ resources }: KilledState): Record<string, Ledger> {
  return Object.fromEntries(
    resources
      .map(({ urn, outputs }) => ({ name: nameOf(urn), outputs }))
      .filter(({ name }) => name.endsWith("-authority"))
      .map(({ name, outputs }) => [
        name.replace(/-authority$/, ""),
        ledgerSchema.parse(outputs),
      ]),
  );
}

/** What is wrong with the ledgers after an update was killed and finished. */
export function ledgerLosses(step: Step, looks: Looks, span: Span): string[] {
  const { before, after } = looks;
  const component = COMPONENTS[step.authority];
  const own = ledgerOf(after, component);
  return [
    ...stateLosses(step, own),
    ...datesLosses(component, looks, span),
    ...bundleLosses(after),
    ...Object.keys(before.ledgers)
      .filter((name) => name !== component)
      .filter((name) => history(before, name) !== history(after, name))
      .map((name) => `the ledger of ${name} has changed, which did not move`),
    ...keyLosses(looks),
  ];
}

function ledgerOf({ ledgers, moment }: Look, component: string): Ledger {
  const ledger = ledgers[component];
  if (ledger === undefined) {
    throw new Error(`${component} has no ledger ${moment}`);
  }
  return ledger;
}

/** States as the code has them, and a tombstone for what is retired. */
function stateLosses(step: Step, ledger: Ledger): string[] {
  const wanted = STATES[step.phase];
  const active = step.phase === "A stage" ? OLD : NEW;
  const states = Object.fromEntries(
    Object.entries(ledger.evidence).map(([id, { state }]) => [id, state]),
  );
  const stones = Object.keys(ledger.tombstones);
  const retired = Object.keys(wanted).filter((id) => wanted[id] === "retired");
  return [
    ...(text(states) === text(wanted)
      ? []
      : [`the ledger says ${text(states)}, the code ${text(wanted)}`]),
    ...(ledger.activeGeneration === active
      ? []
      : [`${ledger.activeGeneration} is active, not ${active}`]),
    ...(stones.join() === retired.join()
      ? []
      : [
          `there are tombstones of "${stones.join()}", not "${retired.join()}"`,
        ]),
    ...retired
      .filter(
        (id) =>
          ledger.tombstones[id]?.fingerprintSha256 !==
          ledger.evidence[id]?.fingerprintSha256,
      )
      .map((id) => `the tombstone of ${id} is of something else`),
  ];
}

/** What the killed update has dated stays so; what the next one dated is of then, and all else of before. */
function datesLosses(
  component: string,
  { before, killed, after }: Looks,
  span: Span,
): string[] {
  const [old, half, whole] = [before, killed, after].map((look) =>
    datesOf(ledgerOf(look, component)),
  );
  const shown = bundlesOf(killed, component);
  return Object.entries(whole ?? {}).flatMap(([what, date]) => {
    const known = half?.[what] ?? old?.[what];
    if (known !== undefined) {
      return known === date ? [] : [`${what} was ${known}, and is now ${date}`];
    }
    const id = what.split(" ")[0] ?? "";
    const fingerprint = ledgerOf(after, component).evidence[id];
    const seen =
      what.endsWith("firstPublished") &&
      fingerprint !== undefined &&
      shown.includes(fingerprint.fingerprintSha256);
    const latest = seen ? span.killed : span.finished;
    return new Date(date) >= span.killed && new Date(date) <= latest
      ? []
      : [
          `${what} is ${date}, and must be ${span.killed.toISOString()} to ${latest.toISOString()}`,
        ];
  });
}

/** Whether a ledger counts the waiting time of a root already that no bundle holds yet. */
export function countsTooEarly({ authority }: Step, look: Look): boolean {
  const component = COMPONENTS[authority];
  const published = ledgerOf(look, component).evidence[NEW];
  return (
    authority !== "serverCA" &&
    published !== undefined &&
    !bundlesOf(look, component).includes(published.fingerprintSha256)
  );
}

function datesOf({ evidence, tombstones }: Ledger): Record<string, string> {
  const dates: Record<string, string> = {};
  for (const [id, generation] of Object.entries(evidence)) {
    const { firstPublished, activeSince, deactivatedAt } = generation;
    const all = { firstPublished, activeSince, deactivatedAt };
    for (const [name, date] of Object.entries(all)) {
      if (date !== undefined) {
        dates[`${id} ${name}`] = date;
      }
    }
  }
  for (const [id, { retiredAt }] of Object.entries(tombstones)) {
    dates[`${id} retiredAt`] = retiredAt;
  }
  return dates;
}

/** The fingerprints in all that was rendered of a CA's bundle; nothing for one that is in no bundle. */
function bundlesOf(look: Look, component: string): string[] {
  const { serverRoots, deviceRoots } = look.holdings;
  const texts: Record<string, string[]> = {
    "server-root": [serverRoots, look.publishedServerRoots],
    "device-root": [deviceRoots],
  };
  return (texts[component] ?? []).flatMap(fingerprints);
}

function fingerprints(bundle: string): string[] {
  return splitPem(bundle).map((pem) => digest(certificateAt(pem).raw));
}

/** Each bundle holds exactly what its root trusts, wherever it stands. */
function bundleLosses(look: Look): string[] {
  const { serverRoots, deviceRoots } = look.holdings;
  const places: readonly (readonly [string, string, string])[] = [
    ["server-root", "the server's Secret", serverRoots],
    ["server-root", "mqtt-ca-bundle", look.publishedServerRoots],
    ["device-root", "mqtt-device-ca-bundle", deviceRoots],
  ];
  return [
    ...places.flatMap(([component, place, bundle]) => {
      const { evidence, bundleSha256 } = ledgerOf(look, component);
      const trusted = Object.keys(evidence)
        .filter((id) => evidence[id]?.state !== "retired")
        .sort()
        .map((id) => evidence[id]?.fingerprintSha256 ?? "");
      return fingerprints(bundle).join() === trusted.join() &&
        digest(bundle) === bundleSha256
        ? []
        : [`${place} does not hold what ${component} trusts`];
    }),
    ...[
      ["server-ca", "server-root"] as const,
      ["device-ca", "device-root"] as const,
    ]
      .filter(
        ([below, above]) =>
          ledgerOf(look, below).bundleSha256 !==
          ledgerOf(look, above).bundleSha256,
      )
      .map(([below]) => `the ledger of ${below} has another bundle`),
  ];
}

/** What of a ledger no other CA's step may change. */
function history(look: Look, component: string): string {
  const { activeGeneration, evidence, tombstones } = ledgerOf(look, component);
  return text({
    activeGeneration,
    tombstones,
    evidence: Object.entries(evidence).map(
      ([id, { fingerprintSha256, ...rest }]) => [id, rest],
    ),
  });
}

/** A generation that was there once keeps its key. */
function keyLosses({ before, killed, after }: Looks): string[] {
  return [before, killed].flatMap(({ moment, ledgers }) =>
    Object.entries(ledgers).flatMap(([component, { evidence }]) =>
      Object.entries(evidence)
        .filter(
          ([id, { subjectKeyIdentifier }]) =>
            ledgerOf(after, component).evidence[id]?.subjectKeyIdentifier !==
            subjectKeyIdentifier,
        )
        .map(([id]) => `${id} of ${component} had another key ${moment}`),
    ),
  );
}

function text(value: object): string {
  return JSON.stringify(value);
}
