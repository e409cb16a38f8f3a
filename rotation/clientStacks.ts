import type { KeySpec } from "../pki/key";
import { formatKeySpec } from "../pki/key";
import { quote } from "../pki/problem";
import type { Refusal } from "./refusal";
import { counted } from "./refusal";

/** TLS stacks that devices or brokers run. */
export const ClientStack = {
  MbedTls: "mbedtls",
  /** Node and most programs written in C, too. */
  OpenSsl: "openssl",
  Java: "java",
  GnuTls: "gnutls",
  Go: "go",
  WolfSsl: "wolfssl",
} as const;

const STACKS: readonly string[] = Object.values(ClientStack);

/** What a stack cannot do with a chain. */
interface StackLimits {
  /** For messages. */
  readonly name: string;
  readonly refusesEd25519?: boolean;
  readonly refusesCriticalNameConstraints?: boolean;
  /** Needs a self-signed anchor. */
  readonly refusesIntermediateAsAnchor?: boolean;
}

/**
 * Measured on Mbed TLS 2.28.3, OpenSSL 3.0, Java 17, GnuTLS 3.7.9, Go 1.19 and
 * wolfSSL 5.5.4, 40 scenarios each; for Mbed TLS see also Mbed-TLS/mbedtls#8759.
 */
const LIMITS: Readonly<Record<string, StackLimits>> = {
  mbedtls: {
    name: "Mbed TLS",
    refusesEd25519: true,
    refusesCriticalNameConstraints: true,
  },
  openssl: { name: "OpenSSL", refusesIntermediateAsAnchor: true },
  java: { name: "Java" },
  gnutls: { name: "GnuTLS" },
  go: { name: "Go" },
  wolfssl: { name: "wolfSSL" },
};

/** What a client has to understand of a certificate. */
export interface ChainLink {
  readonly key: KeySpec;
  /** Left out for a leaf. */
  readonly ca?: {
    /** How many CAs may follow below; left out for no limit. */
    readonly pathLength?: number;
    /** Whether it has name constraints that are critical. */
    readonly criticalNameConstraints?: boolean;
    /** Whether it is given to clients as a trust anchor. */
    readonly anchor?: boolean;
    /** Whether it has signed itself. */
    readonly selfSigned?: boolean;
  };
}

/** Every stack of a list that is none of {@link ClientStack}. */
export function checkClientStacks(stacks: readonly string[]): Refusal[] {
  return stacks.flatMap((stack, index) =>
    STACKS.includes(stack)
      ? []
      : [
          {
            rule: "I8",
            path: `clientStacks[${index}]`,
            message: `${quote(stack)} is no TLS stack known here; write one of ${STACKS.join(", ")}.`,
          },
        ],
  );
}

/**
 * Whether the clients that verify a chain can read it (I8): depth, key types,
 * critical extensions, anchors.
 *
 * @param links leaf first, up to the anchor; each with the path its problems are told on
 * @param stacks of {@link ClientStack}; unknown ones are left to {@link checkClientStacks}
 *
 * @example
 * ```ts
 * checkChainForStacks([{ path: "key", key: { algorithm: "ED25519" } }], ["mbedtls"])[0]?.message;
 * // "ED25519 cannot be read by Mbed TLS (I8); …"
 * ```
 */
export function checkChainForStacks(
  links: readonly (ChainLink & { readonly path: string })[],
  stacks: readonly string[],
): Refusal[] {
  return links.flatMap((link, index) => [
    ...checkDepth(link, links.slice(0, index)),
    ...stacks.flatMap((stack) => {
      const limits = LIMITS[stack];
      return limits === undefined ? [] : checkLink(link, limits);
    }),
  ]);
}

function checkDepth(
  { ca, path }: ChainLink & { readonly path: string },
  before: readonly ChainLink[],
): Refusal[] {
  const casBelow = before.filter((link) => link.ca !== undefined).length;
  const limit = ca?.pathLength;
  return limit === undefined || limit >= casBelow
    ? []
    : [
        {
          rule: "I8",
          path,
          message: `has path length constraint ${limit}, and ${counted(casBelow, "CA")} ${casBelow === 1 ? "stands" : "stand"} below it, so that every client refuses the chain (I8); write ${casBelow} at least, or issue from a CA further up.`,
        },
      ];
}

function checkLink(
  { key, ca, path }: ChainLink & { readonly path: string },
  limits: StackLimits,
): Refusal[] {
  const messages: string[] = [];
  if (key.algorithm === "ED25519" && limits.refusesEd25519 === true) {
    messages.push(
      `${formatKeySpec(key)} cannot be read by ${limits.name} (I8); use ECDSA on P-256, or leave the stack out of clientStacks.`,
    );
  }
  if (
    ca?.criticalNameConstraints === true &&
    limits.refusesCriticalNameConstraints === true
  ) {
    messages.push(
      `has critical name constraints, with which ${limits.name} refuses the CA and all that it signed (I8); set critical: false.`,
    );
  }
  if (
    ca?.anchor === true &&
    ca.selfSigned === false &&
    limits.refusesIntermediateAsAnchor === true
  ) {
    messages.push(
      `is given as a trust anchor and has not signed itself, so that ${limits.name} finds no end of the chain (I8); give the root above it.`,
    );
  }
  return messages.map((message) => ({ rule: "I8", path, message }));
}
