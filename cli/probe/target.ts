import { quote } from "../../pki/problem";

/** A broker to connect to. */
export interface BrokerTarget {
  readonly kind: "broker";
  readonly place: string;
  readonly host: string;
  readonly port: number;
}

/** An object of a cluster to read. */
export interface ObjectTarget {
  readonly kind: "secret" | "configmap";
  readonly place: string;
  readonly namespace: string;
  readonly name: string;
}

/** What stands on the command line and names no place. */
export interface WrongTarget {
  readonly kind: "wrong";
  readonly place: string;
  readonly problem: string;
}

/** One place to ask. */
export type Target = BrokerTarget | ObjectTarget | WrongTarget;

const MQTT_OVER_TLS_PORT = 8883;
const SCHEMES = ["mqtts:", "tls:", "ssl:"];
const OBJECT =
  /^(secret|configmap)\/([a-z0-9][-a-z0-9]*)\/([a-z0-9][-.a-z0-9]*)$/i;

/**
 * Reads what names a broker or an object. What names neither is an answer as
 * well, so that all places are asked and all mistakes are said at once.
 *
 * @example
 * ```ts
 * readTarget("mqtts://mqtt.example.com"); // { kind: "broker", host: "mqtt.example.com", port: 8883, … }
 * readTarget("secret/thingsboard/tb-mqtts"); // { kind: "secret", namespace: "thingsboard", … }
 * ```
 */
export function readTarget(text: string): Target {
  const [, kind, namespace, name] = OBJECT.exec(text) ?? [];
  if (kind !== undefined && namespace !== undefined && name !== undefined) {
    return {
      kind: kind.toLowerCase() === "secret" ? "secret" : "configmap",
      place: text,
      namespace,
      name,
    };
  }
  return text.includes("://")
    ? readBroker(text)
    : wrong(
        text,
        `${quote(text)} names no place; write mqtts://host:8883, secret/namespace/name or configmap/namespace/name.`,
      );
}

function readBroker(text: string): BrokerTarget | WrongTarget {
  const scheme = text.slice(0, text.indexOf("://") + 1).toLowerCase();
  // What stands before an @ may be a password.
  if (text.includes("@")) {
    const shown = `${scheme}//${text.slice(text.lastIndexOf("@") + 1)}`;
    return wrong(
      shown,
      "a user name has no meaning here; leave out what stands before the @.",
    );
  }
  if (!SCHEMES.includes(scheme)) {
    return wrong(
      text,
      `${quote(scheme)} is no MQTT over TLS; write mqtts://host:8883.`,
    );
  }
  // With a scheme of the web, the host is checked and IPv6 is known.
  const address = `https${text.slice(text.indexOf("://"))}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (
    url === undefined ||
    !["", "/"].includes(url.pathname) ||
    url.search + url.hash !== ""
  ) {
    return wrong(
      text,
      `${quote(text)} is no address of a broker; write mqtts://host:8883.`,
    );
  }
  return {
    kind: "broker",
    place: text,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: portOf(text, url),
  };
}

/** The web's own port counts as none to a URL of the web. */
function portOf(text: string, { port }: URL): number {
  return port === ""
    ? /:443\/?$/.test(text)
      ? 443
      : MQTT_OVER_TLS_PORT
    : Number(port);
}

function wrong(place: string, problem: string): WrongTarget {
  return { kind: "wrong", place, problem };
}
