import * as provider from "@pulumi/pulumi/provider";
import { version } from "../package.json";
import { batchJobResult } from "./batchJobResult";
import { bundlePublication } from "./bundlePublication";
import { certificate } from "./certificate";
import { certificateAuthority } from "./certificateAuthority";
import { clusterAccess } from "./clusterAccess";
import { configurationFiles } from "./configurationFiles";
import { connectToEngine } from "./engineLog";
import { deviceBatch } from "./deviceBatch";
import { encryptedPrivateKey } from "./encryptedPrivateKey";
import { existingAuthority } from "./existingAuthority";
import { exportedAuthority } from "./exportedAuthority";
import { takeImports } from "./importRequests";
import { keystore } from "./keystore";
import { readLiveObject } from "./liveObject";
import { readDeviceBatch } from "./readDeviceBatch";
import type { CustomResource } from "./resource";
import { typeOf } from "./resource";
import { thingsBoardDeviceProfile } from "./thingsBoardDeviceProfile";
import { thingsBoardDevices } from "./thingsBoardDevices";
import { checkThingsBoardFiles } from "./thingsBoardFiles";
import type { Properties } from "./wire";
import { keepSecrets } from "./wire";
import { workloadPatch } from "./workloadPatch";

const RESOURCES: Readonly<Record<string, CustomResource>> = {
  "mqtt-pki:index:BatchJobResult": batchJobResult,
  "mqtt-pki:index:BundlePublication": bundlePublication,
  "mqtt-pki:index:Certificate": certificate,
  "mqtt-pki:index:CertificateAuthority": certificateAuthority,
  "mqtt-pki:index:ClusterAccess": clusterAccess,
  "mqtt-pki:index:ConfigurationFiles": configurationFiles,
  "mqtt-pki:index:DeviceBatch": deviceBatch,
  "mqtt-pki:index:EncryptedPrivateKey": encryptedPrivateKey,
  "mqtt-pki:index:ExistingAuthority": existingAuthority,
  "mqtt-pki:index:ExportedAuthority": exportedAuthority,
  "mqtt-pki:index:Keystore": keystore,
  "mqtt-pki:index:ThingsBoardDeviceProfile": thingsBoardDeviceProfile,
  "mqtt-pki:index:ThingsBoardDevices": thingsBoardDevices,
  "mqtt-pki:index:WorkloadPatch": workloadPatch,
};

const FUNCTIONS: Readonly<
  Record<string, (args: Properties) => Properties | Promise<Properties>>
> = {
  "mqtt-pki:index:checkThingsBoardFiles": checkThingsBoardFiles,
  "mqtt-pki:index:readDeviceBatch": readDeviceBatch,
  "mqtt-pki:index:readLiveObject": readLiveObject,
};

/** The plugin: hands each call to the custom resource it is about. */
class MqttPkiProvider implements provider.Provider {
  readonly version = version;

  getSchema(): Promise<string> {
    const tokens = (table: object): Record<string, object> =>
      Object.fromEntries(Object.keys(table).map((token) => [token, {}]));
    return Promise.resolve(
      JSON.stringify({
        name: "mqtt-pki",
        version,
        resources: tokens(RESOURCES),
        functions: tokens(FUNCTIONS),
      }),
    );
  }

  check(
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<provider.CheckResult> {
    // For a new resource the old inputs come as an empty object.
    const old = Object.keys(olds).length > 0 ? olds : undefined;
    return resource(urn).check(urn, old, news);
  }

  diff(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<provider.DiffResult> {
    return resource(urn).diff(id, urn, olds, news);
  }

  async create(
    urn: string,
    inputs: Properties,
  ): Promise<provider.CreateResult> {
    const { id, outs } = await resource(urn).create(urn, inputs);
    return { id, outs: keepSecrets(outs, inputs) };
  }

  async update(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
  ): Promise<provider.UpdateResult> {
    const { outs } = await resource(urn).update(id, urn, olds, news);
    return { outs: keepSecrets(outs, news) };
  }

  async read(
    id: string,
    urn: string,
    props: Properties,
  ): Promise<provider.ReadResult> {
    const custom = resource(urn);
    if (custom.find !== undefined) {
      const found = await custom.find(id, urn, props);
      return found === undefined
        ? { id: "", props: {} }
        : { id: found.id, props: found.outputs, inputs: found.inputs };
    }
    return { id, props: (await custom.read?.(id, urn, props)) ?? props };
  }

  delete(id: string, urn: string, props: Properties): Promise<void> {
    return resource(urn).delete(id, urn, props);
  }

  async invoke(
    token: string,
    args: Properties,
  ): Promise<provider.InvokeResult> {
    const call = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
    if (call === undefined) {
      throw new Error(`${token} is no function of mqtt-pki ${version}.`);
    }
    return { outputs: await call(args) };
  }
}

function resource(urn: string): CustomResource {
  const type = typeOf(urn);
  const found = Object.hasOwn(RESOURCES, type) ? RESOURCES[type] : undefined;
  if (found === undefined) {
    throw new Error(`${type} is no resource of mqtt-pki ${version}.`);
  }
  return found;
}

// A batch in the middle of a write finishes it: the engine waits before it kills.
process.on("SIGINT", () => undefined);

// The SDK prints what a method throws, with its stack, before it hands it to the engine, which prints it as well: of a
// refusal, once is enough.
const printError = console.error.bind(console);
console.error = (...values: unknown[]): void => {
  if (!String(values[0]).startsWith("InputError: ")) {
    printError(...values);
  }
};

const args = process.argv.slice(2);
connectToEngine(args[0]);
takeImports();
provider.main(new MqttPkiProvider(), args).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
