import * as pulumi from "@pulumi/pulumi";
import type { ThingsBoardPlan } from "../platforms/thingsBoard/plan";
import { planProblems } from "../platforms/thingsBoard/plan";
import {
  ThingsBoardCredentials,
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../platforms/thingsBoard/product";
import {
  connectivityOf,
  hasListener,
  lwm2mTrust,
  passwordVariables,
  variablesOf,
} from "../platforms/thingsBoard/variables";
import {
  parseThingsBoardVersion,
  reloadsCertificates,
} from "../platforms/thingsBoard/version";
import { refuse } from "./kubernetes";
import type { ThingsBoardMqttArgs } from "./thingsBoardArgs";
import { DEFAULT_ALIAS, filesBelow } from "./thingsBoardCredentials";
import type { RequestedListener } from "./thingsBoardListeners";
import { CredentialsForm } from "./thingsBoardListeners";
import { listenerProblems } from "./thingsBoardProblems";

/** The variables, once all that was asked for has been judged. */
export interface JudgedPlan {
  readonly environment: Record<string, string>;
  readonly connectivityEnvironment: Record<string, string>;
  readonly ports: Record<string, number>;
  /** Whether the version reloads certificates by itself. */
  readonly reloads: boolean;
}

/** Ports beside those of the plain protocols, by what Kubernetes is to call them. HTTP and gRPC keep theirs. */
const PORT_NAMES: Readonly<Record<string, string>> = {
  [ThingsBoardListener.Mqtt]: "mqtts",
  [ThingsBoardListener.Coap]: "coaps",
  [ThingsBoardListener.Lwm2m]: "lwm2ms",
  [ThingsBoardListener.Lwm2mBootstrap]: "lwm2ms-bs",
  [ThingsBoardListener.Wss]: "wss",
};

export const DEFAULT_BUNDLE_MOUNT = "/mqtt-ca";
export const DEFAULT_DEVICE_ROOTS_MOUNT = "/mqtt-device-ca";

/**
 * Judges everything that was asked for, and makes the variables of it.
 *
 * @throws RunError by its output, with all mistakes at once
 */
export function judgePlan(
  component: string,
  args: ThingsBoardMqttArgs,
  requested: readonly RequestedListener[],
): pulumi.Output<JudgedPlan> {
  const deviceRoots = args.lwm2m?.deviceRoots;
  return pulumi
    .all([
      listenersOf(requested),
      pulumi.output({
        version: args.version,
        alias: args.keystore?.alias ?? DEFAULT_ALIAS,
        hasAliases: args.server.hasAliases,
        bundleMountPath: args.bundleMountPath ?? DEFAULT_BUNDLE_MOUNT,
        deviceRootsPath: deviceRoots?.mountPath ?? DEFAULT_DEVICE_ROOTS_MOUNT,
      }),
      shownOf(args),
    ])
    .apply(([listeners, known, shown]) => {
      const plan: ThingsBoardPlan = {
        product: args.product ?? ThingsBoardProduct.ThingsBoard,
        credentialsType: args.credentialsType ?? ThingsBoardCredentials.Pem,
        version: known.version,
        listeners: requested.map((one, index) => ({
          ...pick(one),
          port: listeners[index]?.port,
          keyAlgorithm: listeners[index]?.keyAlgorithm,
        })),
        mounts: [
          ...requested.map(({ mountPathPath, volume }, index) => ({
            path: mountPathPath,
            mountPath: listeners[index]?.mountPath ?? "",
            volume,
          })),
          {
            path: "bundleMountPath",
            mountPath: known.bundleMountPath,
            volume: "mqtt-pki-ca",
          },
          ...(deviceRoots === undefined
            ? []
            : [
                {
                  path: "lwm2m.deviceRoots.mountPath",
                  mountPath: known.deviceRootsPath,
                  volume: "mqtt-pki-device-ca",
                },
              ]),
        ],
        hosts: shown.hosts,
        shownPorts: shown.ports,
        has: partsOf(args),
      };
      const version =
        known.version === undefined
          ? undefined
          : parseThingsBoardVersion(known.version);
      const reloads = reloadsCertificates(plan.product, version);
      refuse(component, [
        ...new Set([
          ...planProblems(plan),
          ...requested.flatMap((one) => listenerProblems(one, args, reloads)),
          ...(known.hasAliases === false &&
          requested.some(
            ({ form, own }) => form === CredentialsForm.Server && !own,
          )
            ? [
                "server: its Secret has no server.pem and mqttserver_key.pem; write aliases: true in its kubernetes.",
              ]
            : []),
        ]),
      ]);
      const environment = variablesOf(
        plan.product,
        requested.map((one, index) => {
          const { port, skipClientValidityCheck, mountPath } =
            listeners[index] ?? {};
          return {
            listener: one.listener,
            files: filesBelow(one, mountPath ?? "", known.alias),
            ...(port !== undefined && { port }),
            ...(skipClientValidityCheck !== undefined && {
              skipClientValidityCheck,
            }),
          };
        }),
      );
      return {
        environment: {
          ...environment,
          ...(deviceRoots !== undefined &&
            lwm2mTrust(`${known.deviceRootsPath}/ca-bundle.pem`)),
        },
        connectivityEnvironment: connectivityEnvironment(
          shown,
          `${known.bundleMountPath}/ca-bundle.pem`,
        ),
        ports: Object.fromEntries(
          plan.listeners.flatMap(({ listener, port }) => {
            const name = PORT_NAMES[listener];
            return name === undefined || port === undefined
              ? []
              : [[name, port]];
          }),
        ),
        reloads,
      };
    });
}

/** What is known of the listeners in the end. */
function listenersOf(requested: readonly RequestedListener[]): pulumi.Output<
  {
    mountPath: string;
    port: number | undefined;
    keyAlgorithm: string | undefined;
    skipClientValidityCheck: boolean | undefined;
  }[]
> {
  return pulumi.all(
    requested.map(({ mountPath, port, server, skipClientValidityCheck }) =>
      pulumi
        .all([
          mountPath,
          pulumi.output(port),
          pulumi.output(server.keyAlgorithm),
          pulumi.output(skipClientValidityCheck),
        ])
        .apply(([path, knownPort, keyAlgorithm, skip]) => ({
          mountPath: path,
          port: knownPort,
          keyAlgorithm,
          skipClientValidityCheck: skip,
        })),
    ),
  );
}

function pick({
  listener,
  path,
  portPath,
  serverPath,
}: RequestedListener): Pick<
  RequestedListener,
  "listener" | "path" | "portPath" | "serverPath"
> {
  return { listener, path, portPath, serverPath };
}

/** What users are shown, by property path. */
interface Shown {
  readonly hosts: Record<string, string>;
  readonly ports: Record<string, number>;
}

function shownOf({
  connectivity,
  bindPort,
  coap,
}: ThingsBoardMqttArgs): pulumi.Output<Shown> {
  if (connectivity === undefined) {
    return pulumi.output<Shown>({ hosts: {}, ports: {} });
  }
  const { host, mqttsPort, coapsHost, coapsPort } = connectivity;
  return pulumi
    .all([
      pulumi.output(host),
      pulumi.output(mqttsPort ?? bindPort ?? 8883),
      pulumi.output(coapsHost),
      pulumi.output(coapsPort ?? coap?.port ?? 5684),
    ])
    .apply(([mqtts, port, coaps, otherPort]): Shown => ({
      hosts: {
        "connectivity.host": mqtts,
        ...(coaps !== undefined && { "connectivity.coapsHost": coaps }),
      },
      ports: {
        "connectivity.mqttsPort": port,
        "connectivity.coapsPort": otherPort,
      },
    }));
}

function connectivityEnvironment(
  { hosts, ports }: Shown,
  certificates: string,
): Record<string, string> {
  const entry = (
    host: string | undefined,
    port: number | undefined,
  ): { host: string; port: number } | undefined =>
    host === undefined || port === undefined ? undefined : { host, port };
  const mqtts = entry(
    hosts["connectivity.host"],
    ports["connectivity.mqttsPort"],
  );
  const coaps = entry(
    hosts["connectivity.coapsHost"],
    ports["connectivity.coapsPort"],
  );
  return connectivityOf({
    certificates,
    ...(mqtts !== undefined && { mqtts }),
    ...(coaps !== undefined && { coaps }),
  });
}

function partsOf(args: ThingsBoardMqttArgs): ThingsBoardPlan["has"] {
  const { edgeRpc, lwm2m } = args;
  return {
    keystore: args.keystore !== undefined,
    brokerSecretName: args.brokerSecretName !== undefined,
    skipClientValidityCheck: args.skipClientValidityCheck !== undefined,
    connectivity: args.connectivity !== undefined,
    deviceAuthority: args.deviceAuthority !== undefined,
    edgeRpcPassphrase:
      edgeRpc !== undefined &&
      (edgeRpc.server ?? args.server).keyPassphrase !== undefined,
    lwm2mBootstrapPort: lwm2m?.bootstrapPort !== undefined,
    lwm2mBootstrap: lwm2m?.bootstrap === true,
  };
}

/** The secret variables, each with the listener whose password it takes; none of a listener that the product has not. */
export function passwordsOf(
  args: ThingsBoardMqttArgs,
  requested: readonly RequestedListener[],
): [string, RequestedListener][] {
  const product = args.product ?? ThingsBoardProduct.ThingsBoard;
  return requested
    .filter(({ listener }) => hasListener(product, listener))
    .flatMap((one) =>
      passwordVariables(product, one.listener, filesBelow(one, "", "")).map(
        (name): [string, RequestedListener] => [name, one],
      ),
    );
}
