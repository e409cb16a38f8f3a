import { isIP } from "node:net";
import { posix } from "node:path";
import { idProblem } from "../../pki/batch/deviceId";
import { quote } from "../../pki/problem";
import { CumulocityPort, DevicePlatform, defaultsOf } from "./platform";

/** How devices connect, as far as it is said. */
export interface ConnectionOrder {
  /** A member of {@link DevicePlatform}. Default `thingsboard`. */
  readonly platform?: string;
  /** Host name or IP address, as it stands in the server's certificate. */
  readonly host: string;
  /** Default 8883. */
  readonly port?: number;
  /** To what the example publishes; may hold `{id}`. */
  readonly topic?: string;
  /** What the example publishes. */
  readonly payload?: string;
  /** Has to hold `{id}`. */
  readonly clientId?: string;
  /** May hold `{id}`. Default: none; the tenant id for Cumulocity's MQTT Service. */
  readonly username?: string;
  /** Of Cumulocity, for port 9883. */
  readonly tenantId?: string;
  /** Folder that the files are written to, relative to the project. */
  readonly directory: string;
  /** Folder of the batch, relative to the project. */
  readonly batchDirectory?: string;
  /** Where a device finds its chain; holds `{id}`. */
  readonly chainFile?: string;
  /** Where a device finds its key; holds `{id}`. */
  readonly keyFile?: string;
  /** Where a device finds its PKCS#12 store; holds `{id}`. */
  readonly keystoreFile?: string;
  /** Ids of devices that get files of their own. */
  readonly devices?: readonly string[];
}

/** How devices connect, with nothing left open; `{id}` stands for a device's id. */
export interface Connection {
  readonly platform: string;
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly payload: string;
  readonly clientId: string;
  readonly username?: string;
  readonly mqttVersion: string;
  readonly directory: string;
  /** Paths relative to the project; in these, `{id}` stands for the name of the device's folder. */
  readonly chainFile: string;
  readonly keyFile: string;
  readonly keystoreFile: string;
}

const HOST_NAME =
  /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
/** As broker and JSON have it: no control characters, and nothing that half of a pair is. */
// eslint-disable-next-line no-control-regex -- these are what is refused
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u;

/** Every mistake in an order: `<property path>: <value> <what is wrong>; <what to write instead>`. */
export function connectionProblems(order: ConnectionOrder): string[] {
  const { platform = DevicePlatform.ThingsBoard, port = 8883 } = order;
  const platforms: readonly string[] = Object.values(DevicePlatform);
  return [
    ...(platforms.includes(platform)
      ? []
      : [
          `platform: ${quote(platform)} is none; write "${platforms.join('", "')}".`,
        ]),
    ...hostProblems(order.host),
    ...(Number.isInteger(port) && port >= 1 && port <= 65_535
      ? []
      : [`port: ${port} is no port; write 1 to 65535, usually 8883.`]),
    ...(platform === DevicePlatform.Cumulocity
      ? cumulocityProblems(order, port)
      : order.tenantId === undefined
        ? []
        : [
            `tenantId: ${quote(order.tenantId)} is for Cumulocity's MQTT Service; leave it out, or set platform to "cumulocity".`,
          ]),
    ...textProblems(order),
    ...folderProblems(order),
    ...fileProblems(order),
    ...(order.devices ?? []).flatMap((id, index) => {
      const problem = idProblem(id);
      return problem === undefined ? [] : [`devices[${index}]: ${problem}`];
    }),
  ];
}

function hostProblems(host: string): string[] {
  if (HOST_NAME.test(host) || isIP(host) !== 0) {
    return [];
  }
  const instead = /^[a-z]+:\/\//i.test(host)
    ? "the name alone, without scheme and port"
    : "a name such as mqtt.example.com, or an IP address";
  return [
    `host: ${quote(host)} is no host name; write ${instead}, as it stands in the server's certificate.`,
  ];
}

function cumulocityProblems(
  { tenantId, clientId }: ConnectionOrder,
  port: number,
): string[] {
  const { Core, Service } = CumulocityPort;
  return [
    ...(port === Core || port === Service
      ? []
      : [
          `port: ${port} is none of Cumulocity's for devices with certificates; write ${Core} for Core MQTT, or ${Service} for MQTT Service.`,
        ]),
    ...(port === Service && tenantId === undefined
      ? [
          'tenantId: is missing, and MQTT Service takes it for the user name; write that of the tenant, such as "t12345".',
        ]
      : []),
    ...(port === Core && tenantId !== undefined
      ? [
          `tenantId: ${quote(tenantId)} is for port ${Service}; leave it out, Core MQTT finds the tenant by the certificate.`,
        ]
      : []),
    ...(port === Service && clientId !== undefined && clientId !== "{id}"
      ? [
          `clientId: ${quote(clientId)} is not the common name, which MQTT Service wants; write "{id}", or leave it out.`,
        ]
      : []),
    ...(port === Core &&
    clientId !== undefined &&
    !/^(d:)?\{id\}(:[^:]*)?$/.test(clientId)
      ? [
          `clientId: ${quote(clientId)} is none that Cumulocity finds the common name in; write "d:{id}", with a template behind it if you want: "d:{id}:myTemplate".`,
        ]
      : []),
  ];
}

function textProblems(order: ConnectionOrder): string[] {
  const texts = Object.entries({
    topic: order.topic,
    payload: order.payload,
    clientId: order.clientId,
    username: order.username,
    tenantId: order.tenantId,
  }).flatMap(([path, text]) => (text === undefined ? [] : [{ path, text }]));
  const { topic, clientId } = order;
  return [
    ...texts.flatMap(({ path, text }) =>
      UNPRINTABLE.test(text)
        ? [`${path}: ${quote(text)} holds a control character; leave it out.`]
        : text === "" && path !== "payload"
          ? [`${path}: is empty; write one, or leave it out.`]
          : [],
    ),
    ...(topic !== undefined && /[+#]/.test(topic)
      ? [
          `topic: ${quote(topic)} holds + or #, with which nobody publishes; write a topic.`,
        ]
      : []),
    ...(clientId !== undefined && clientId !== "" && !clientId.includes("{id}")
      ? [
          `clientId: ${quote(clientId)} is the same for every device, and a broker ends the connection of the other one; write one with {id}.`,
        ]
      : []),
  ];
}

function folderProblems({
  directory,
  batchDirectory,
  devices = [],
}: ConnectionOrder): string[] {
  if (directory === "") {
    return [
      "directory: is empty; write a folder, such as rendered/dev/connection.",
    ];
  }
  if (UNPRINTABLE.test(directory)) {
    return [
      `directory: ${quote(directory)} holds a control character; leave it out.`,
    ];
  }
  if (batchDirectory === undefined) {
    return [];
  }
  if (isWithin(directory, batchDirectory)) {
    return [
      `directory: ${quote(directory)} is the batch's folder or within it, which holds nothing but the batch; write one beside it.`,
    ];
  }
  const own = posix.join(directory, "devices");
  return devices.length > 0 && isWithin(own, batchDirectory)
    ? [
        `directory: ${quote(directory)} would have the files of devices in ${quote(own)}, which is the batch's folder or within it; write one beside the batch's.`,
      ]
    : [];
}

function isWithin(folder: string, outer: string): boolean {
  return !/^\.\.(\/|$)/.test(posix.relative(outer, folder));
}

function fileProblems(order: ConnectionOrder): string[] {
  const { chainFile, keyFile, keystoreFile } = order;
  const given = Object.entries({ chainFile, keyFile, keystoreFile });
  return [
    ...(order.batchDirectory === undefined &&
    (chainFile === undefined || keyFile === undefined)
      ? [
          'batch: is missing; give a DeviceCertificateBatch, or chainFile and keyFile, such as "/etc/mqtt/chain.pem".',
        ]
      : []),
    ...given.flatMap(([path, text]) =>
      text === undefined
        ? []
        : text === "" || UNPRINTABLE.test(text)
          ? [`${path}: ${quote(text)} is no path of a file; write one.`]
          : [],
    ),
  ];
}

/**
 * Completes an order.
 *
 * @param order one without {@link connectionProblems}
 * @example
 * ```ts
 * completeConnection({ host: "mqtt.example.com", directory, batchDirectory }).topic;
 * ```
 */
export function completeConnection(order: ConnectionOrder): Connection {
  const { platform = DevicePlatform.ThingsBoard, port = 8883 } = order;
  const { topic, payload, clientId, mqttVersion } = defaultsOf(platform, port);
  const username = order.username ?? order.tenantId;
  const ofBatch = (name: string): string =>
    posix.join(order.batchDirectory ?? "", "{id}", name);
  return {
    platform,
    host: order.host,
    port,
    topic: order.topic ?? topic,
    payload: order.payload ?? payload,
    clientId: order.clientId ?? clientId,
    ...(username !== undefined && { username }),
    mqttVersion,
    directory: posix.normalize(order.directory),
    chainFile: order.chainFile ?? ofBatch("chain.pem"),
    keyFile: order.keyFile ?? ofBatch("key.pem"),
    keystoreFile: order.keystoreFile ?? ofBatch("keystore.p12"),
  };
}
