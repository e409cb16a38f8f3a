import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

/** A resource as the program asked the engine for it. */
export interface Asked {
  readonly type: string;
  readonly name: string;
  /** Name of the resource above it, empty for none. */
  readonly parent: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly provider: string;
  readonly ignoreChanges: readonly string[];
  readonly aliases: number;
}

/** Outputs that a plugin would answer with, beside the inputs. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  "tls:index/privateKey:PrivateKey": ["privateKeyPem", "privateKeyPemPkcs8"],
  "tls:index/certRequest:CertRequest": ["certRequestPem"],
  "mqtt-pki:index:Certificate": [
    "certificatePem",
    "serialNumber",
    "notAfter",
    "renewAt",
    "fingerprintSha256",
  ],
  "mqtt-pki:index:CertificateAuthority": [
    "activeGeneration",
    "certificatePem",
    "chainPem",
    "trustAnchorsPem",
    "evidence",
  ],
  "mqtt-pki:index:EncryptedPrivateKey": ["encryptedPrivateKeyPem"],
  "mqtt-pki:index:Keystore": ["contentBase64", "sha256"],
  "mqtt-pki:index:ExistingAuthority": [
    "certificatePem",
    "privateKeyPem",
    "authority",
    "fingerprintSha256",
    "notAfter",
  ],
  "mqtt-pki:index:DeviceBatch": ["count", "digest", "expiresFirst"],
  "mqtt-pki:index:ThingsBoardDeviceProfile": [
    "profileId",
    "profileJson",
    "provisionDeviceKey",
  ],
  "mqtt-pki:index:ThingsBoardDevices": ["count"],
};

/** Outputs that are lists, with what they hold. */
const LISTS: Readonly<Record<string, Readonly<Record<string, string[]>>>> = {
  "mqtt-pki:index:ThingsBoardDevices": { files: ["devices.csv"] },
};

/** What a program asked for, in the order of the questions. */
export class Recorder {
  readonly asked: Asked[] = [];
  /** Functions that were called, with their arguments. */
  readonly calls: {
    token: string;
    inputs: Readonly<Record<string, unknown>>;
  }[] = [];

  /** Puts a recorder in the place of the engine. Each output is `<name of the resource>.<output>`. */
  static async install(): Promise<Recorder> {
    const recorder = new Recorder();
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs, id }) => ({
          // The empty id of what is not imported would count as unknown.
          id: id === undefined || id === "" ? `${name}-id` : id,
          state: {
            ...(inputs as Record<string, unknown>),
            ...Object.fromEntries(
              (OUTPUTS[type] ?? []).map((output) => [
                output,
                `${name}.${output}`,
              ]),
            ),
            ...LISTS[type],
          },
        }),
        call: ({ token, inputs }) => {
          recorder.calls.push({
            token,
            inputs: inputs as Record<string, unknown>,
          });
          return token === "mqtt-pki:index:checkThingsBoardFiles"
            ? { ok: true, starts: true, row: "a row", message: "It starts." }
            : { data: { "a.key.pem": "a key" } };
        },
      },
      "fleet",
      "test",
      false,
    );
    recorder.listen();
    return recorder;
  }

  /** The one resource of this name. */
  get(name: string, type?: string): Asked {
    const found = this.asked.filter(
      (asked) => asked.name === name && asked.type === (type ?? asked.type),
    );
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(`${found.length} resources are called ${name}`);
    }
    return only;
  }

  /** `<type> <name> < <parent>`, sorted. */
  tree(): string[] {
    return this.asked
      .map(
        ({ type, name, parent }) =>
          `${type.split(":").at(-1) ?? ""} ${name} < ${parent}`,
      )
      .sort();
  }

  /** Reads each request itself as well: what is in there beside the inputs, the mocks do not show. */
  private listen(): void {
    const monitor = pulumi.runtime.getMonitor();
    if (monitor === undefined) {
      throw new Error("no mocks are installed");
    }
    const register = (
      monitor.registerResource as (...args: unknown[]) => unknown
    ).bind(monitor);
    Reflect.set(
      monitor,
      "registerResource",
      (request: RegisterResourceRequest, ...rest: unknown[]) => {
        this.asked.push({
          type: request.getType(),
          name: request.getName(),
          parent: request.getParent().split("::").at(-1) ?? "",
          inputs: request.getObject()?.toJavaScript() ?? {},
          protect: request.getProtect() ?? false,
          retainOnDelete: request.getRetainondelete() ?? false,
          provider: request.getProvider().split("::").at(-2) ?? "",
          ignoreChanges: request.getIgnorechangesList(),
          aliases: request.getAliasesList().length,
        });
        return register(request, ...rest);
      },
    );
  }
}

/** Waits for an output; rejects where what makes it throws. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  // Only this member rejects; `apply` is never called where what is before it throws.
  return (output as unknown as { promise(): Promise<T> }).promise();
}
