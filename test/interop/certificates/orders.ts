import { DEFAULT_KEY } from "../../../pki/key";
import type { CertificateOrder } from "../../../pki/order";
import type { Issuing, Party } from "./issue";
import { issue } from "./issue";

/** The name a device asks its broker for. */
export const HOST = "mqtt.my-iot-cloud.com";

let count = 0;

/** No two CAs have one name, and no stack takes one for the other. */
function numbered(name: string): { organization: string; commonName: string } {
  count += 1;
  return { organization: "My IoT Cloud", commonName: `${name} ${count}` };
}

type Change = Partial<CertificateOrder> & { readonly issuing?: Issuing };

function ordered(base: CertificateOrder, change: Change): Promise<Party> {
  const { issuing, ...order } = change;
  return issue({ ...base, ...order }, issuing);
}

/** A root CA. */
export function root(change: Change = {}): Promise<Party> {
  const base = {
    profile: "root",
    subject: numbered("Root CA"),
    key: DEFAULT_KEY,
    ...(change.validity === undefined && { validityDays: 3650 }),
  };
  return ordered(base, change);
}

/** A CA below another one. */
export function intermediate(
  issuer: Party,
  change: Change = {},
): Promise<Party> {
  const base = {
    profile: "intermediate",
    subject: numbered("Issuing CA"),
    key: DEFAULT_KEY,
    ...(change.validity === undefined && { validityDays: 1825 }),
  };
  return ordered(base, { ...change, issuing: { ...change.issuing, issuer } });
}

/** A broker's certificate for {@link HOST}. */
export function server(issuer: Party, change: Change = {}): Promise<Party> {
  const base = {
    profile: "server",
    subject: { commonName: HOST },
    key: DEFAULT_KEY,
    validityDays: 365,
    dnsNames: [HOST, "mqtt.my-iot-cloud.net"],
  };
  return ordered(base, { ...change, issuing: { ...change.issuing, issuer } });
}

/** A device's certificate. */
export function device(issuer: Party, change: Change = {}): Promise<Party> {
  const base = {
    profile: "device",
    subject: { commonName: "thermometer-berlin-01" },
    key: DEFAULT_KEY,
    ...(change.validity === undefined && { validityDays: 365 }),
  };
  return ordered(base, { ...change, issuing: { ...change.issuing, issuer } });
}
