import type {
  AuthorityName,
  Holdings,
  RotationFleet,
} from "../../../support/rotationFleet";
import type { MessageCounts } from "./telemetry";
import type { Site } from "./site";

/** A rotation to the end, of one CA or of several side by side. */
export interface Rotation {
  readonly authorities: readonly AuthorityName[];
  /** The days of the steps A, C and D. */
  readonly stage: number;
  readonly activate: number;
  readonly retire: number;
}

/** What a rotation was for those who lived through it. */
export interface Experience extends MessageCounts {
  readonly updates: number;
  readonly reconnects: number;
  readonly couldNotReconnect: readonly string[];
  /** Why step D was refused before it was acknowledged. */
  readonly refusal: string;
}

const CHAINS: readonly (readonly AuthorityName[])[] = [
  ["serverRoot", "serverCA"],
  ["deviceRoot", "deviceCA"],
];

const all = (): boolean => true;
/** Half of the devices have a new bundle at once, and half of each half a new certificate: all four mixtures. */
const earlyBundle = (place: number): boolean => place % 2 === 0;
const earlyCertificate = (place: number): boolean => place % 4 < 2;

/** Rotates by three updates, while devices publish and connect anew before and after everything the broker learns. */
export async function rotate(
  fleet: RotationFleet,
  site: Site,
  rotation: Rotation,
): Promise<Experience> {
  const before = site.telemetry.counts();
  const connections = site.connections();
  const refusals = site.couldNotReconnect.length;
  site.telemetry.resume();

  await stage(fleet, site, rotation);
  await activate(fleet, site, rotation);
  const refusal = await retire(fleet, site, rotation);

  const after = await site.telemetry.settle();
  return {
    published: after.published - before.published,
    acknowledged: after.acknowledged - before.acknowledged,
    arrived: after.arrived - before.arrived,
    lost: after.lost - before.lost,
    duplicates: after.duplicates - before.duplicates,
    updates: 3,
    reconnects: site.connections() - connections,
    couldNotReconnect: site.couldNotReconnect.slice(refusals),
    refusal,
  };
}

async function stage(
  fleet: RotationFleet,
  site: Site,
  { authorities, stage: day }: Rotation,
): Promise<void> {
  write(fleet, authorities, { "2026a": "active", "2027a": "staged" });
  await fleet.update(fleet.day(day));
  const holdings = fleet.holdings();
  site.bringBundle(holdings, earlyBundle);
  await reconnectAround(site, holdings, "staged");
  // Late, and within the time that the rules wait.
  site.bringBundle(holdings, all);
  await site.reconnectAll("with the late bundle");
}

async function activate(
  fleet: RotationFleet,
  site: Site,
  { authorities, activate: day }: Rotation,
): Promise<void> {
  write(fleet, authorities, { "2026a": "retiring", "2027a": "active" });
  await fleet.update(fleet.day(day));
  const holdings = fleet.holdings();
  site.bringCertificates(holdings, earlyCertificate);
  await reconnectAround(site, holdings, "activated");
  // As late as can be: before the old generation leaves.
  site.bringCertificates(holdings, all);
  await site.reconnectAll("with the late certificate");
}

/** Answers why the rules refuse, as long as nobody says that all is replaced. */
async function retire(
  fleet: RotationFleet,
  site: Site,
  { authorities, retire: day }: Rotation,
): Promise<string> {
  const at = fleet.day(day);
  // What was acknowledged for the CA above or below may hold for this one.
  const related = CHAINS.filter((chain) =>
    chain.some((authority) => authorities.includes(authority)),
  ).flat();
  related.forEach((authority) => fleet.acknowledge(authority, at));
  write(fleet, authorities, { "2026a": "retired", "2027a": "active" });
  const refusal = await fleet.refusal(at);
  // It stays acknowledged: the old leaves are still valid, and every update asks about them.
  related.forEach((authority) => fleet.acknowledge(authority, at, "I4"));
  await fleet.update(at);
  const holdings = fleet.holdings();
  // The others keep the bundle of both until the next rotation.
  site.bringBundle(holdings, earlyBundle);
  await reconnectAround(site, holdings, "retired");
  return refusal;
}

/** Connects everybody anew to a broker that does not have the update yet, and to one that has. */
async function reconnectAround(
  site: Site,
  holdings: Holdings,
  step: string,
): Promise<void> {
  await site.reconnectAll(`${step}, broker not yet updated`);
  await site.bringToBroker(holdings);
  await site.reconnectAll(`${step}, broker updated`);
}

function write(
  fleet: RotationFleet,
  authorities: readonly AuthorityName[],
  states: Readonly<Record<string, string>>,
): void {
  authorities.forEach((authority) => {
    fleet.write(authority, states);
  });
}
