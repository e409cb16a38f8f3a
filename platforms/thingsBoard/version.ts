import { ThingsBoardProduct } from "./product";

/** A version of ThingsBoard, Edge or TBMQ. */
export interface ThingsBoardVersion {
  /** `[4, 3, 1, 2]`; two to four of them. */
  readonly numbers: readonly number[];
  /** Whether it comes before the release of these numbers, as 4.3.1.2-SNAPSHOT does. */
  readonly preRelease: boolean;
  /** As it was written. */
  readonly text: string;
}

const VERSION =
  /^v?(\d{1,4}(?:\.\d{1,4}){1,3})(?:-?(?:CE|PE|EDGE|EDGEPE))?(-(?:SNAPSHOT|(?:RC|BETA|ALPHA)[-.]?\d*))?$/i;

/**
 * Reads a version, or the tag of an image: `4.3.1.2`, `v4.4`, `4.3.1.2PE`,
 * `4.4.0EDGE-SNAPSHOT`, `thingsboard/tb-node:4.4.0.1`.
 *
 * @returns undefined where it says no version, as `latest` does
 *
 * @example
 * ```ts
 * parseThingsBoardVersion("thingsboard/tb-pe-node:4.3.1.2PE")?.numbers; // [4, 3, 1, 2]
 * ```
 */
export function parseThingsBoardVersion(
  text: string,
): ThingsBoardVersion | undefined {
  const [, numbers, suffix] = VERSION.exec(tagOf(text.trim())) ?? [];
  return numbers === undefined
    ? undefined
    : {
        numbers: numbers.split(".").map(Number),
        preRelease: suffix !== undefined,
        text,
      };
}

/** The tag of an image; of what is none, all of it. A registry's port is no tag. */
function tagOf(text: string): string {
  const [image = ""] = text.split("@");
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.slice(last.indexOf(":") + 1);
}

/**
 * Whether a version is this one or a later one. A snapshot of a version comes
 * before it, and may lack what the release has.
 *
 * @example
 * ```ts
 * isAtLeast(parseThingsBoardVersion("4.4.0.1")!, 4, 4); // true
 * ```
 */
export function isAtLeast(
  { numbers, preRelease }: ThingsBoardVersion,
  ...wanted: readonly number[]
): boolean {
  const length = Math.max(numbers.length, wanted.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (numbers[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return !preRelease;
}

/** The releases that brought something, one for each line that was still maintained, the newest first. */
type Releases = readonly (readonly number[])[];

// thingsboard.yml of the releases: TB_TRANSPORT_SSL_CERTIFICATE_RELOAD_ENABLED is in 4.2.2.2 and 4.3.1.2 (#15301), and
// not in 4.2.2.1, 4.3 or 4.3.1.1; the same in tb-edge.yml of Edge's releases.
const RELOAD: Releases = [
  [4, 3, 1, 2],
  [4, 2, 2, 2],
];
// thingsboard.yml: EDGES_RPC_SSL_KEY_PASSWORD is in 4.2.2.1 and 4.3.1.1 (#15205), and not in 4.2.2 or 4.3.1.
const EDGE_RPC_KEY_PASSWORD: Releases = [
  [4, 3, 1, 1],
  [4, 2, 2, 1],
];

/** Whether a version has it: that release of its own line x.y or a later one, or any later line. */
function hasSince(version: ThingsBoardVersion, releases: Releases): boolean {
  const [newest] = releases;
  return (
    (newest !== undefined && isAtLeast(version, ...newest)) ||
    releases.some(
      ([major, minor, ...rest]) =>
        version.numbers[0] === major &&
        version.numbers[1] === minor &&
        isAtLeast(version, major ?? 0, minor ?? 0, ...rest),
    )
  );
}

/**
 * Whether a process notices by itself that its certificate files changed:
 * ThingsBoard and Edge from 4.2.2.2, 4.3.1.2 and 4.4 on, within a minute, for
 * MQTT, CoAP, LwM2M and HTTP. Never TBMQ, and in no version Edge's gRPC, the CA
 * certificate that devices download, and HTTP where transports run by
 * themselves.
 *
 * Source: `CertificateReloadManager` of thingsboard/thingsboard.
 *
 * @param version left out: the newest
 *
 * @example
 * ```ts
 * reloadsCertificates(ThingsBoardProduct.ThingsBoard, parseThingsBoardVersion("4.3.1")); // false
 * ```
 */
export function reloadsCertificates(
  product: string,
  version: ThingsBoardVersion | undefined,
): boolean {
  return (
    product !== ThingsBoardProduct.Tbmq &&
    (version === undefined || hasSince(version, RELOAD))
  );
}

/** What of a configuration not every version knows. */
export interface VersionedFeatures {
  readonly pem: boolean;
  /** Property path of what asks for X.509 chain provisioning. */
  readonly chainProvisioning: boolean;
  readonly connectivity: boolean;
  /** Edge's gRPC with an encrypted key. */
  readonly edgeRpcPassphrase: boolean;
}

/**
 * What a version has not yet, each with what to do about it.
 *
 * @param text as the user wrote it; left out: the newest version, which has all
 */
export function versionProblems(
  product: string,
  text: string | undefined,
  features: VersionedFeatures,
): string[] {
  const version =
    text === undefined ? undefined : parseThingsBoardVersion(text);
  if (text === undefined) {
    return [];
  }
  if (version === undefined) {
    return [
      `version: ${JSON.stringify(text)} is no version; write the release that runs, such as "4.3.1.2", or leave it out for the newest.`,
    ];
  }
  if (product === ThingsBoardProduct.Tbmq) {
    return [];
  }
  const lacks = (
    wanted: boolean,
    path: string,
    what: string,
    since: Releases,
    instead: string,
  ): string[] =>
    wanted && !hasSince(version, since)
      ? [
          `${path}: ${what} since version ${since.map((numbers) => numbers.join(".")).join(" or ")}, and version is ${JSON.stringify(text)}; ${instead}.`,
        ]
      : [];
  return [
    // MQTT_SSL_PEM_CERT is in thingsboard.yml since then.
    ...lacks(
      features.pem,
      "credentialsType",
      "PEM files are read",
      [[3, 3, 2]],
      'write "KEYSTORE", or update ThingsBoard',
    ),
    ...lacks(
      features.chainProvisioning,
      "deviceAuthority",
      "devices provision themselves by their chain",
      [[3, 5]],
      "leave it out, or update ThingsBoard",
    ),
    // 3.6 has another name for DEVICE_CONNECTIVITY_MQTTS_CA_ROOT_CERT.
    ...lacks(
      features.connectivity,
      "connectivity",
      "is read as it is written here",
      [[3, 6, 1]],
      "leave it out, or update ThingsBoard",
    ),
    ...lacks(
      features.edgeRpcPassphrase,
      "edgeRpc",
      "takes an encrypted key",
      EDGE_RPC_KEY_PASSWORD,
      "give it a server without keyPassphrase, or update ThingsBoard",
    ),
  ];
}
