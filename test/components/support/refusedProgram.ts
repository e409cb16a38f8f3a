// A program of its own, since a component refuses by a rejection that nobody handles: it ends the program, as it should,
// and would end the tests as well. Reads cases from standard input and writes what each of them was refused for.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import * as kubernetes from "@pulumi/kubernetes";
import {
  ServerCertificate,
  ThingsBoardMqtt,
  TrustBundle,
} from "../../../components";
import type { ThingsBoardMqttArgs, TrustBundleArgs } from "../../../components";
import { checkedName } from "../../../components/kubernetes";

/** What to make: an object's name, a server with an encrypted key, or ThingsBoard's side with these arguments. */
export interface RefusedCase {
  readonly object?: { readonly namespace: string; readonly name: string };
  readonly server?: {
    readonly algorithm: string;
    readonly keyPassphrase: string;
  };
  readonly thingsBoard?: Partial<ThingsBoardMqttArgs>;
  readonly trustBundle?: Partial<TrustBundleArgs>;
  /** Two bundles that restart the same workload by the same annotation. */
  readonly twoRestarts?: boolean;
}

/** How that went. */
export interface Refusal {
  /** Messages that would end the program, each once. */
  readonly reasons: readonly string[];
  /** Are all of them a user's mistakes, shown without a stack trace? */
  readonly plain: boolean;
  /** Names of the ConfigMaps that were asked for nevertheless. */
  readonly made: readonly string[];
}

/** A key that belongs to no certificate of the cases. */
const ANOTHER_KEY = "ANOTHER KEY";

const errors: unknown[] = [];
const made: string[] = [];

async function main(): Promise<void> {
  process.on("unhandledRejection", (reason) => errors.push(reason));
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      const state = inputs as { metadata?: { name?: string } };
      if (type === "kubernetes:core/v1:ConfigMap") {
        made.push(state.metadata?.name ?? "");
      }
      return { id: `${name}-id`, state };
    },
    call: ({ token, inputs }) =>
      token === "mqtt-pki:index:checkThingsBoardFiles"
        ? answerOf(inputs as Record<string, unknown>)
        : {},
  });
  const cases = JSON.parse(readFileSync(0, "utf8")) as RefusedCase[];
  const refusals: Refusal[] = [];
  for (const [index, wanted] of cases.entries()) {
    refusals.push(await refusalOf(wanted, `it-${index}`));
  }
  process.stdout.write(JSON.stringify(refusals));
}

async function refusalOf(wanted: RefusedCase, name: string): Promise<Refusal> {
  errors.length = 0;
  made.length = 0;
  if (wanted.object !== undefined) {
    checkedName(wanted.object.namespace, wanted.object.name, {
      component: "server",
      namespace: "kubernetes.namespace",
      name: "kubernetes.secretName",
    });
  } else if (wanted.server !== undefined) {
    const { algorithm, keyPassphrase } = wanted.server;
    new ServerCertificate(name, {
      issuer: {
        certificatePem: "PEM",
        chainPem: "PEM",
        trustAnchorsPem: "PEM",
        signer: { privateKeyPem: "PEM" },
      },
      subject: { commonName: "mqtt.example.com" },
      key: { algorithm },
      kubernetes: { namespace: "a", secretName: "b", keyPassphrase },
    });
  } else if (wanted.trustBundle !== undefined) {
    bundle(name, wanted.trustBundle);
  } else if (wanted.twoRestarts === true) {
    const provider = new kubernetes.Provider(`${name}-cluster`, {});
    const restart = [{ kind: "Deployment", name: "broker" }];
    bundle(`${name}-one`, { provider, restart });
    bundle(`${name}-two`, { provider, restart });
  } else {
    new ThingsBoardMqtt(name, {
      server: { secretName: "tb-mqtts", trustAnchorsPem: "PEM" },
      namespace: "thingsboard",
      ...wanted.thingsBoard,
    });
  }
  // Resources are asked for a few turns later.
  await pause(15);
  return {
    reasons: [...new Set(errors.map((error) => messageOf(error)))],
    plain: errors.every((error) => pulumi.RunError.isInstance(error)),
    made: [...made],
  };
}

/** As the plugin would judge files; it does not run here. */
function answerOf(inputs: Readonly<Record<string, unknown>>): object {
  return inputs.keyFileText === ANOTHER_KEY
    ? { ok: false, message: "The private key is not the certificate's." }
    : { ok: true };
}

function bundle(name: string, args: Partial<TrustBundleArgs>): void {
  new TrustBundle(name, {
    authority: { trustAnchorsPem: "PEM" },
    namespace: "a",
    configMapName: "roots",
    ...args,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

void main();
