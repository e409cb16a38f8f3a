import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { exportPkcs8 } from "../../../pki/key";
import type { Party } from "../../pki/support/authority";
import { intermediate, issue, root } from "../../pki/support/authority";

/** A small fleet, and what an update would render of it. */
export interface Fleet {
  readonly authority: Party;
  readonly ca: Party;
  readonly server: Party;
  readonly device: Party;
  readonly otherDevice: Party;
}

/** Makes one. */
export async function makeFleet(): Promise<Fleet> {
  const authority = await root({ pathLength: 1 });
  const ca = await intermediate(authority);
  return {
    authority,
    ca,
    server: await issue(ca, {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
    }),
    device: await issue(ca),
    otherDevice: await issue(ca, { subject: { commonName: "thermometer-2" } }),
  };
}

/** Writes texts below a folder, by their paths. */
export function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** A Secret as the engine renders it. */
export function secret(
  name: string,
  data: Readonly<Record<string, string>>,
): string {
  return stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "thingsboard" },
    data: Object.fromEntries(
      Object.entries(data).map(([key, text]) => [
        key,
        Buffer.from(text).toString("base64"),
      ]),
    ),
  });
}

/** The output of an update: manifests, and one folder a device. */
export function render(fleet: Fleet, folder: string): void {
  const { authority, ca, server } = fleet;
  const chain = (leaf: Party): string =>
    leaf.certificatePem + ca.certificatePem;
  writeFiles(folder, {
    "1-manifest/secret.yaml": secret("tb-mqtts", {
      "ca.crt": authority.certificatePem,
      "tls.crt": chain(server),
      "tls.key": exportPkcs8(server.key),
    }),
    "1-manifest/bundle.yaml": stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "ca-bundle", namespace: "thingsboard" },
      data: { "ca-bundle.pem": authority.certificatePem },
    }),
    "devices/inventory.csv": "id\n",
  });
  for (const device of [fleet.device, fleet.otherDevice]) {
    writeFiles(folder, {
      [`devices/${device === fleet.device ? "one" : "two"}/cert.pem`]:
        device.certificatePem,
      [`devices/${device === fleet.device ? "one" : "two"}/chain.pem`]:
        chain(device),
      [`devices/${device === fleet.device ? "one" : "two"}/key.pem`]:
        exportPkcs8(device.key),
    });
  }
}
