import { X509Certificate, createPrivateKey } from "node:crypto";
import type { OpenSsl } from "../../../pki/support/openssl";
import { splitPem } from "../../../support/certificates";
import { digest } from "../../../support/rendered";
import type { Credentials } from "../../../support/rotationFleet";
import type { Look } from "./look";

/** The parts of a look that say who accepts whom. */
export type Trusting = Pick<
  Look,
  "moment" | "holdings" | "publishedServerRoots" | "secretDevices"
>;

interface Named {
  readonly name: string;
  readonly pem: string;
}

const SERVER = [
  ...["-purpose", "sslserver"],
  ...["-verify_hostname", "mqtt.my-iot-cloud.com"],
];
const DEVICE = ["-purpose", "sslclient"];

/** Says who is cut off, by OpenSSL; the same question is asked once only. */
export class Judge {
  private readonly answers = new Map<string, string>();

  constructor(private readonly openssl: OpenSsl) {}

  /**
   * Everybody whom somebody refuses. A device or a broker may have what lay
   * there at any of the moments, and must get on with whoever has what lay
   * there at any other.
   */
  cutOff(looks: readonly Trusting[], at: Date): string[] {
    return [
      ...this.refusals(
        looks.map(({ moment, holdings }) => ({
          name: `the broker of ${moment}`,
          pem: holdings.server.chain,
        })),
        looks.flatMap(({ moment, holdings, publishedServerRoots }) => [
          {
            name: `devices with ca.crt of ${moment}`,
            pem: holdings.serverRoots,
          },
          {
            name: `devices with mqtt-ca-bundle of ${moment}`,
            pem: publishedServerRoots,
          },
        ]),
        SERVER,
        at,
      ),
      ...this.refusals(
        looks.flatMap(({ moment, holdings, secretDevices }) =>
          [holdings.devices, secretDevices].flatMap((devices) =>
            Object.entries(devices).map(([id, { chain }]) => ({
              name: `${id} of ${moment}`,
              pem: chain,
            })),
          ),
        ),
        looks.map(({ moment, holdings }) => ({
          name: `the broker with the bundle of ${moment}`,
          pem: holdings.deviceRoots,
        })),
        DEVICE,
        at,
      ),
    ];
  }

  private refusals(
    shown: readonly Named[],
    trusted: readonly Named[],
    args: readonly string[],
    at: Date,
  ): string[] {
    return shown.flatMap((one) =>
      trusted.flatMap((other) => {
        const reason = this.ask(one.pem, other.pem, args, at);
        return reason === ""
          ? []
          : [`${one.name} is cut off from ${other.name}: ${reason}`];
      }),
    );
  }

  private ask(
    chain: string,
    anchors: string,
    args: readonly string[],
    at: Date,
  ): string {
    const question = digest([chain, anchors, ...args, at.getTime()].join());
    const known = this.answers.get(question);
    const answer =
      known ??
      this.openssl.refusal({
        chain: splitPem(chain),
        anchors: splitPem(anchors),
        at,
        args,
      });
    this.answers.set(question, answer);
    return (/error \d+.*/.exec(answer)?.[0] ?? answer).trim();
  }
}

/** What does not fit together: keys and their certificates, bundles and what is said of them. */
export function mismatches(
  look: Pick<Look, "moment" | "holdings" | "secretDevices" | "alias" | "torn">,
): string[] {
  const { moment, holdings, secretDevices, alias, torn } = look;
  const all: readonly (readonly [string, Credentials])[] = [
    ["the server's Secret", holdings.server],
    ["the server's Secret by its other names", alias],
    ...Object.entries(holdings.devices),
    ...Object.entries(secretDevices).map(
      ([id, pair]) => [`the Secret of ${id}`, pair] as const,
    ),
  ];
  return [
    ...all
      .filter(([, pair]) => !belongTogether(pair))
      .map(
        ([name]) => `key and certificate of ${name} do not match at ${moment}`,
      ),
    ...torn.map((name) => `the bundle in ${name} is not whole at ${moment}`),
  ];
}

function belongTogether({ chain, key }: Credentials): boolean {
  return new X509Certificate(chain).checkPrivateKey(createPrivateKey(key));
}
