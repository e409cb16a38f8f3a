import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Holdings as Owned, Places } from "../../kill/holdings";
import { holdingsOf } from "../../kill/holdings";
import type { KilledState } from "../../kill/killedState";
import { readState } from "../../kill/killedState";
import type { KubernetesObject } from "../../../support/rendered";
import { digest, readObject, required, tree } from "../../../support/rendered";
import type {
  Credentials,
  Holdings,
  RotationFleet,
} from "../../../support/rotationFleet";
import type { Ledger } from "./ledger";
import { ledgersOf } from "./ledger";

/** Everything that can be seen of a fleet at one moment, in its files alone. */
export interface Look {
  /** For messages: `before`, `the kill`, `the end`. */
  readonly moment: string;
  readonly holdings: Holdings;
  /** What devices know the broker by where it is not the server's Secret that tells them, PEM. */
  readonly publishedServerRoots: string;
  /** What stands in the Secret of devices, by device. */
  readonly secretDevices: Readonly<Record<string, Credentials>>;
  /** The objects whose bundle is not the one that they say they have. */
  readonly torn: readonly string[];
  /** The server's chain and key under their other names. */
  readonly alias: Credentials;
  readonly state: KilledState;
  /** Keys and certificates, as digests and serial numbers. */
  readonly owned: Owned;
  /** By the name of the CA's component. */
  readonly ledgers: Readonly<Record<string, Ledger>>;
  /** Equal for two moments between which nothing has happened. */
  readonly progress: string;
}

/** Where the demo's files are. */
export function placesOf({ fleet }: RotationFleet): Places {
  const server = "v1-secret-thingsboard-tb-mqtts.yaml";
  return {
    devices: fleet.rendered("devices"),
    server: fleet.rendered("1-manifest", server),
  };
}

/** Looks at a fleet; throws where a file cannot be read, as one that is half-written could not. */
export function lookAt(rotation: RotationFleet, moment: string): Look {
  const { fleet } = rotation;
  const state = readState(fleet);
  const owned = holdingsOf(fleet, state, placesOf(rotation));
  const ledgers = ledgersOf(state);
  const objects = readObjects(fleet.rendered("1-manifest"));
  const object = (name: string) =>
    required(objects, `v1-${name.replace(" ", "-thingsboard-")}.yaml`).data;
  const server = object("secret tb-mqtts");
  const devices = object("secret devices-demo-0");
  return {
    moment,
    holdings: rotation.holdings(),
    publishedServerRoots: required(
      object("configmap mqtt-ca-bundle"),
      "ca-bundle.pem",
    ),
    secretDevices: Object.fromEntries(
      rotation.devices.map((id) => [
        id,
        {
          chain: required(devices, `${id}.chain.pem`),
          key: required(devices, `${id}.key.pem`),
        },
      ]),
    ),
    torn: Object.keys(objects).filter((name) =>
      isTorn(required(objects, name)),
    ),
    alias: {
      chain: required(server, "server.pem"),
      key: required(server, "mqttserver_key.pem"),
    },
    state,
    owned,
    ledgers,
    progress: digest(
      JSON.stringify([
        tree(fleet.rendered()),
        namesIn(state),
        ledgers,
        ...[...owned.certificates].sort(),
      ]),
    ),
  };
}

/** The resources of a state, sorted. */
export function namesIn({ resources }: KilledState): string[] {
  return resources.map(({ urn }) => urn.split("::").at(-1) ?? urn).sort();
}

function readObjects(folder: string): Record<string, KubernetesObject> {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => [name, readObject(join(folder, name))]),
  );
}

/** A part of a bundle can look like a whole one; its digest stands beside it. */
function isTorn({ data, metadata }: KubernetesObject): boolean {
  const said = metadata.annotations?.["mqtt-pki/bundle-sha256"];
  const bundle = data["ca-bundle.pem"] ?? data["ca.crt"];
  return said !== (bundle === undefined ? undefined : digest(bundle));
}
