import type * as pulumi from "@pulumi/pulumi";
import {
  ThingsBoardCredentials,
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../platforms/thingsBoard/product";
import type { BrokerCertificate, ThingsBoardMqttArgs } from "./thingsBoardArgs";

/** In what form a listener finds chain and key. */
export const CredentialsForm = {
  /** The Secret of the server, as it is. */
  Server: "server",
  /** A Secret with a key store. */
  Keystore: "keystore",
  /** A Secret with TBMQ's files, the root after the chain. */
  WithRoot: "withRoot",
} as const;

/** A listener that is asked for, with what the user said of it. */
export interface RequestedListener {
  /** One of `ThingsBoardListener`. */
  readonly listener: string;
  /** Property path; empty for MQTT. */
  readonly path: string;
  readonly server: BrokerCertificate;
  readonly serverPath: string;
  /** One of {@link CredentialsForm}. */
  readonly form: string;
  /** Whether it has a certificate of its own, and so a Secret. */
  readonly own: boolean;
  readonly volume: string;
  readonly mountPath: pulumi.Input<string>;
  readonly mountPathPath: string;
  /** Whether a mount path is given that nothing is mounted at. */
  readonly idleMountPath: boolean;
  readonly port?: pulumi.Input<number>;
  readonly portPath: string;
  readonly skipClientValidityCheck?: pulumi.Input<boolean>;
}

/** What all listeners can be told. */
interface ListenerArgs {
  server?: BrokerCertificate;
  mountPath?: pulumi.Input<string>;
  port?: pulumi.Input<number>;
  skipClientValidityCheck?: pulumi.Input<boolean>;
}

/** Where an own certificate of each listener is mounted, and its volume. */
const OWN: Readonly<Record<string, { mountPath: string; volume: string }>> = {
  [ThingsBoardListener.Http]: {
    mountPath: "/https-config",
    volume: "mqtt-pki-https",
  },
  [ThingsBoardListener.Coap]: {
    mountPath: "/coap-config",
    volume: "mqtt-pki-coaps",
  },
  [ThingsBoardListener.Lwm2m]: {
    mountPath: "/lwm2m-config",
    volume: "mqtt-pki-lwm2ms",
  },
  [ThingsBoardListener.Lwm2mBootstrap]: {
    mountPath: "/lwm2m-config",
    volume: "mqtt-pki-lwm2ms",
  },
  [ThingsBoardListener.EdgeRpc]: {
    mountPath: "/edge-config",
    volume: "mqtt-pki-edge-rpc",
  },
  [ThingsBoardListener.Wss]: {
    mountPath: "/wss-config",
    volume: "mqtt-pki-wss",
  },
};

/** MQTT, and then whatever else is asked for, in an order that stays. */
export function requestedListeners(
  args: ThingsBoardMqttArgs,
): RequestedListener[] {
  const { lwm2m } = args;
  const mqtt: RequestedListener = {
    listener: ThingsBoardListener.Mqtt,
    path: "",
    server: args.server,
    serverPath: "server",
    form: formOf(ThingsBoardListener.Mqtt, false, args),
    own: false,
    volume: "mqtt-pki-mqtts",
    mountPath: args.mountPath ?? "/ssl-config",
    mountPathPath: "mountPath",
    idleMountPath: false,
    port: args.bindPort ?? 8883,
    portPath: "bindPort",
    ...(args.product !== ThingsBoardProduct.Tbmq && {
      skipClientValidityCheck: args.skipClientValidityCheck ?? false,
    }),
  };
  const others: [string, string, ListenerArgs | undefined][] = [
    [ThingsBoardListener.Http, "http", args.http],
    [
      ThingsBoardListener.Coap,
      "coap",
      args.coap && withDefaults(args.coap, 5684),
    ],
    [ThingsBoardListener.Lwm2m, "lwm2m", lwm2m && withDefaults(lwm2m, 5686)],
    [
      ThingsBoardListener.Lwm2mBootstrap,
      "lwm2m.bootstrap",
      lwm2m?.bootstrap === true
        ? { ...lwm2m, port: lwm2m.bootstrapPort ?? 5688 }
        : undefined,
    ],
    [ThingsBoardListener.EdgeRpc, "edgeRpc", args.edgeRpc],
    [
      ThingsBoardListener.Wss,
      "wss",
      args.wss && { ...args.wss, port: args.wss.port ?? 8085 },
    ],
  ];
  return [
    mqtt,
    ...others.flatMap(([listener, path, asked]) =>
      asked === undefined ? [] : [requested(listener, path, asked, args, mqtt)],
    ),
  ];
}

function withDefaults<Args extends ListenerArgs>(
  args: Args,
  port: number,
): Args {
  return {
    ...args,
    port: args.port ?? port,
    skipClientValidityCheck: args.skipClientValidityCheck ?? false,
  };
}

function requested(
  listener: string,
  path: string,
  asked: ListenerArgs,
  args: ThingsBoardMqttArgs,
  mqtt: RequestedListener,
): RequestedListener {
  // The bootstrap server is told with the one of LwM2M.
  const [group = path] = path.split(".");
  const { server } = asked;
  const form = formOf(listener, server !== undefined, args);
  // Edge's gRPC reads no key store, and then has the files that MQTT has not.
  const own = server !== undefined || form !== mqtt.form;
  const place = OWN[listener] ?? { mountPath: "", volume: "" };
  return {
    listener,
    path,
    server: server ?? args.server,
    serverPath: server === undefined ? "server" : `${group}.server`,
    form,
    own,
    volume: own ? place.volume : mqtt.volume,
    mountPath: own ? (asked.mountPath ?? place.mountPath) : mqtt.mountPath,
    mountPathPath: own ? `${group}.mountPath` : mqtt.mountPathPath,
    idleMountPath: !own && asked.mountPath !== undefined,
    ...(asked.port !== undefined && { port: asked.port }),
    portPath:
      path === "lwm2m.bootstrap" ? "lwm2m.bootstrapPort" : `${path}.port`,
    ...(asked.skipClientValidityCheck !== undefined && {
      skipClientValidityCheck: asked.skipClientValidityCheck,
    }),
  };
}

function formOf(
  listener: string,
  own: boolean,
  { product, credentialsType }: ThingsBoardMqttArgs,
): string {
  if (
    credentialsType === ThingsBoardCredentials.Keystore &&
    listener !== ThingsBoardListener.EdgeRpc
  ) {
    return CredentialsForm.Keystore;
  }
  // Its web interface asks nobody for a certificate.
  const asksDevices = listener !== ThingsBoardListener.Http || !own;
  return product === ThingsBoardProduct.Tbmq && asksDevices
    ? CredentialsForm.WithRoot
    : CredentialsForm.Server;
}
