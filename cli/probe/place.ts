import type { BundleReport } from "./bundle";
import { reportBundle } from "./bundle";
import type { ChainReport, Rung } from "./chain";
import { reportChain, rungsOf, datesOf, verdictOf } from "./chain";
import type { ObjectContent } from "./cluster";
import type { Credentials } from "./connection";
import type { DeviceAnswer } from "./device";
import type { Known } from "./known";
import { splitCertificates } from "../../pki/pem";
import { attempt } from "../../pki/examine/reading";

/** A device's chain and key, read from files. */
export interface Device extends Credentials {
  /** The file of the chain, by which it is called. */
  readonly name: string;
}

/** What a device is by the state, whoever it connects to. */
export interface DeviceFacts {
  readonly name: string;
  readonly subject: string;
  readonly notAfter: string;
  readonly chainsTo: readonly Rung[];
  /** Whether a broker with the bundles of the state takes it; left out where the state does not know its CA, or it has expired. */
  readonly expected?: boolean;
}

/** A broker's answer to a device. */
export interface DeviceReport extends DeviceFacts, DeviceAnswer {}

/** All that one place has told. */
export interface PlaceReport {
  readonly place: string;
  /** Why it could not be asked. */
  readonly problem?: string;
  readonly chain?: ChainReport;
  readonly bundles: readonly BundleReport[];
  readonly devices: readonly DeviceReport[];
  /** What an object's annotation says its certificate is. */
  readonly annotatedFingerprint?: string;
}

/** A place that could not be asked. */
export function unreachable(place: string, problem: string): PlaceReport {
  return { place, problem, bundles: [], devices: [] };
}

/** What a device is by the state. */
export function factsOfDevice(
  { name, chain }: Device,
  known: Known,
  now: Date,
): DeviceFacts {
  const certificates = splitCertificates(chain);
  const { subject, notAfter } = datesOf(certificates[0] ?? "");
  const rungs = rungsOf(certificates, known);
  const bundle = known.bundles.find(({ authority }) =>
    rungs.some((rung) => rung.authority === authority),
  );
  const judged = bundle !== undefined && now <= new Date(notAfter);
  return {
    name,
    subject,
    notAfter,
    chainsTo: rungs.map(({ authority, id, state }) => ({
      authority,
      id,
      state,
    })),
    ...(judged && {
      expected: verdictOf(certificates, bundle.pem, now).verifies,
    }),
  };
}

/** What a broker has told. */
export function reportBroker(
  place: string,
  chainPem: string,
  devices: readonly DeviceReport[],
  known: Known,
  now: Date,
): PlaceReport {
  const chain = attempt(() => reportChain(chainPem, known, now));
  return chain === undefined
    ? unreachable(place, "shows a certificate that cannot be read.")
    : { place, chain, bundles: [], devices };
}

/** What an object has told. */
export function reportObject(
  place: string,
  { annotations, entries }: ObjectContent,
  known: Known,
  now: Date,
): PlaceReport {
  const { "tls.crt": chainPem, ...texts } = entries;
  const annotated = annotations["mqtt-pki/bundle-sha256"];
  const annotatedFingerprint = annotations["mqtt-pki/fingerprint-sha256"];
  if (Object.keys(entries).length === 0) {
    return unreachable(
      place,
      "holds none of tls.crt, ca.crt and ca-bundle.pem.",
    );
  }
  const report = attempt(() => ({
    ...(chainPem !== undefined && {
      chain: reportChain(chainPem, known, now),
    }),
    bundles: Object.entries(texts).map(([entry, pem]) =>
      reportBundle(entry, pem, annotated, known),
    ),
  }));
  return report === undefined
    ? unreachable(place, "holds a certificate that cannot be read.")
    : {
        place,
        ...report,
        devices: [],
        ...(annotatedFingerprint !== undefined && { annotatedFingerprint }),
      };
}
