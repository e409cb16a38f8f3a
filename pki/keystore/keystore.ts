import type { KeyObject } from "node:crypto";
import { X509Certificate } from "node:crypto";
import { readPrivateKey } from "../key";
import { splitCertificates } from "../pem";
import type { Problem } from "../problem";
import { InputError, quote } from "../problem";
import type { KeyEntry, KeystoreEntries, TrustedEntry } from "./entries";
import { writeJks } from "./jks";
import { checkPassword } from "./password";
import { writePkcs12 } from "./pkcs12";

/** The alias in Cumulocity's instructions, and so in its users' clients. */
export const DEFAULT_KEY_ALIAS = "devicekeyentry";
/** As {@link DEFAULT_KEY_ALIAS}, of the first trusted certificate. */
export const DEFAULT_TRUST_ALIAS = "servercertificate";

/** What a store is made of. */
export interface KeystoreOrder {
  /** `PKCS12` or `JKS`; the latter for trusted certificates only. */
  readonly format: string;
  /** Unencrypted PEM. */
  readonly privateKeyPem?: string;
  /** The certificate of the key first, then each one's issuer; with or without the root. */
  readonly chainPem?: string;
  /** The certificates to trust; repeated ones count once. */
  readonly trustAnchorsPem?: string;
  /** Name of the key. Default {@link DEFAULT_KEY_ALIAS}. */
  readonly alias?: string;
  /** Name of the first trusted certificate; the others get `-2`, `-3` at its end. Default {@link DEFAULT_TRUST_ALIAS}. */
  readonly trustAlias?: string;
  /** 6 to 512 printable ASCII characters. */
  readonly password: string;
}

/** A store, ready to be written to a file. */
export interface Keystore {
  readonly content: Uint8Array;
  /** Every alias in it, the key's first. */
  readonly aliases: readonly string[];
}

/** The members an order may lack. */
type OptionalMember = Exclude<keyof KeystoreOrder, "format" | "password">;

/**
 * Every mistake in an order; empty where it is good.
 *
 * @param pending members that will be given and are not known yet, as in a
 *   preview of keys that do not exist
 */
export function checkKeystore(
  order: KeystoreOrder,
  pending: readonly string[] = [],
): Problem[] {
  return readOrder(order, pending).problems;
}

/**
 * Makes a store. The same order always gives the same bytes.
 *
 * @throws InputError with all that is wrong, by the members of the order; no
 *   message holds anything of key or password
 *
 * @example
 * ```ts
 * const { content } = makeKeystore({ format: "PKCS12", trustAnchorsPem, password });
 * ```
 */
export function makeKeystore(order: KeystoreOrder): Keystore {
  const { entries, problems } = readOrder(order);
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  const { key, trusted } = entries;
  return {
    content:
      order.format === "JKS"
        ? writeJks(trusted, order.password)
        : writePkcs12(entries, order.password),
    aliases: [...(key === undefined ? [] : [key]), ...trusted].map(
      ({ alias }) => alias,
    ),
  };
}

/**
 * Says why a store with both a key and trusted certificates is unwise;
 * `undefined` for any other.
 *
 * @param pending as for {@link checkKeystore}
 */
export function combinedStoreWarning(
  order: KeystoreOrder,
  pending: readonly string[] = [],
): string | undefined {
  const given = memberTest(order, pending);
  return !given("privateKeyPem") || !given("trustAnchorsPem")
    ? undefined
    : "holds a private key and trusted certificates in one store: whoever is to update what is trusted needs the key's password, and Java sends a trusted root along with the key's chain. Make two stores.";
}

function memberTest(
  order: KeystoreOrder,
  pending: readonly string[],
): (member: OptionalMember) => boolean {
  return (member) => order[member] !== undefined || pending.includes(member);
}

function readOrder(
  order: KeystoreOrder,
  pending: readonly string[] = [],
): { entries: KeystoreEntries; problems: Problem[] } {
  const given = memberTest(order, pending);
  const problems = [
    ...checkFormat(order.format, given("privateKeyPem")),
    ...checkMembers(order, given),
    ...checkPassword(order.password, "password"),
    ...checkAlias(order.alias, "alias"),
    ...checkAlias(order.trustAlias, "trustAlias"),
  ];
  const key = readKeyEntry(order, problems);
  const trusted = readTrusted(order, problems);
  const taken = trusted.find(({ alias }) => alias === key?.alias);
  if (
    taken !== undefined &&
    !pending.includes("alias") &&
    !pending.includes("trustAlias")
  ) {
    problems.push({
      path: "trustAlias",
      message: `makes ${quote(taken.alias)} the name of a trusted certificate and of the key; choose another one, each entry needs a name of its own.`,
    });
  }
  return {
    entries: key === undefined ? { trusted } : { key, trusted },
    problems,
  };
}

function checkFormat(format: string, withKey: boolean): Problem[] {
  if (format === "JKS" && withKey) {
    return [
      {
        path: "format",
        message:
          '"JKS" is for trusted certificates only, since it barely protects a key; write "PKCS12", which Java 8u301, 11.0.12 and later open even where JKS is expected.',
      },
    ];
  }
  return format === "JKS" || format === "PKCS12"
    ? []
    : [
        {
          path: "format",
          message: `${quote(format)} is no format of a store; write "PKCS12", or "JKS" for a trust store.`,
        },
      ];
}

/** Which members need each other. */
function checkMembers(
  { alias, trustAlias }: KeystoreOrder,
  given: (member: OptionalMember) => boolean,
): Problem[] {
  const problems: Problem[] = [];
  const withKey = given("privateKeyPem");
  const withChain = given("chainPem");
  const withTrust = given("trustAnchorsPem");
  if (!withKey && !withChain && !withTrust) {
    problems.push({
      path: "",
      message:
        "the store would be empty; give privateKeyPem and chainPem, or trustAnchorsPem.",
    });
  }
  if (withChain && !withKey) {
    problems.push({
      path: "privateKeyPem",
      message:
        "is missing for chainPem; give the key of its first certificate, or give certificates to trust as trustAnchorsPem.",
    });
  }
  if (withKey && !withChain) {
    problems.push({
      path: "chainPem",
      message:
        "is missing for privateKeyPem; give the key's certificate, then each one's issuer.",
    });
  }
  if (alias !== undefined && !withKey) {
    problems.push({
      path: "alias",
      message: `${quote(alias)} names a private key and there is none; leave it out, or give privateKeyPem.`,
    });
  }
  if (trustAlias !== undefined && !withTrust) {
    problems.push({
      path: "trustAlias",
      message: `${quote(trustAlias)} names a trusted certificate and there is none; leave it out, or give trustAnchorsPem.`,
    });
  }
  return problems;
}

/** Java keeps aliases in lower case, and finds no others in a JKS store. */
const ALIAS = /^[a-z0-9]([a-z0-9 ._@/-]{0,62}[a-z0-9])?$/;

function checkAlias(alias: string | undefined, path: string): Problem[] {
  return alias === undefined || ALIAS.test(alias)
    ? []
    : [
        {
          path,
          message: `${quote(alias)} is no alias that every program finds again; use a-z 0-9 . _ @ / - and spaces, 1 to 64 characters, a letter or digit at both ends.`,
        },
      ];
}

function readKeyEntry(
  order: KeystoreOrder,
  problems: Problem[],
): KeyEntry | undefined {
  const chain = readCertificates(order.chainPem, "chainPem", problems);
  checkChainOrder(chain, problems);
  const key = readKey(order.privateKeyPem, problems);
  const [certificate, ...issuers] = chain;
  if (key === undefined || certificate === undefined) {
    return undefined;
  }
  checkPair(key, chain, problems);
  const { alias = DEFAULT_KEY_ALIAS } = order;
  return { alias, key, certificate, issuers };
}

function readKey(
  pem: string | undefined,
  problems: Problem[],
): KeyObject | undefined {
  try {
    return pem === undefined ? undefined : readPrivateKey(pem, "privateKeyPem");
  } catch (error) {
    if (error instanceof InputError) {
      problems.push(...error.problems);
      return undefined;
    }
    throw error;
  }
}

/** Java and ThingsBoard open a store whose key and certificate do not belong together; every handshake with it fails. */
function checkPair(
  key: KeyObject,
  chain: readonly X509Certificate[],
  problems: Problem[],
): void {
  const place = chain.findIndex((certificate) =>
    certificate.checkPrivateKey(key),
  );
  if (place > 0) {
    problems.push({
      path: "chainPem",
      message: `has the certificate of privateKeyPem at place ${place + 1}; put it first, then each one's issuer.`,
    });
  } else if (place < 0) {
    problems.push({
      path: "privateKeyPem",
      message: `is not the key of the first certificate of chainPem, ${name(chain[0])}; give key and certificate of the same pair.`,
    });
  }
}

function checkChainOrder(
  chain: readonly X509Certificate[],
  problems: Problem[],
): void {
  for (const [index, issuer] of chain.entries()) {
    const subject = chain[index - 1];
    if (subject !== undefined && !signed(issuer, subject)) {
      problems.push({
        path: "chainPem",
        message: `certificate ${index + 1}, ${name(issuer)}, did not sign certificate ${index}, ${name(subject)}; write the key's certificate first, then each one's issuer, and nothing else.`,
      });
    }
  }
}

function signed(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    // A key or signature of a kind that OpenSSL does not know.
    return false;
  }
}

function readTrusted(
  { trustAnchorsPem, trustAlias = DEFAULT_TRUST_ALIAS }: KeystoreOrder,
  problems: Problem[],
): TrustedEntry[] {
  const all = readCertificates(trustAnchorsPem, "trustAnchorsPem", problems);
  const once = new Map(
    all.map((certificate) => [certificate.raw.toString("hex"), certificate]),
  );
  return [...once.values()].map((certificate, index) => ({
    alias: index === 0 ? trustAlias : `${trustAlias}-${index + 1}`,
    certificate,
  }));
}

function readCertificates(
  pem: string | undefined,
  path: string,
  problems: Problem[],
): X509Certificate[] {
  if (pem === undefined) {
    return [];
  }
  const texts = splitCertificates(pem);
  if (pem.includes("PRIVATE KEY-----")) {
    problems.push({
      path,
      message:
        "holds a private key, which belongs to privateKeyPem; give certificates only.",
    });
  } else if (texts.length === 0) {
    problems.push({
      path,
      message:
        'holds no PEM certificate; give the text that begins with "-----BEGIN CERTIFICATE-----".',
    });
  }
  return texts.flatMap((text, index) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      problems.push({
        path,
        message: `certificate ${index + 1} cannot be read; give it as its CA issued it.`,
      });
      return [];
    }
  });
}

function name(certificate: X509Certificate | undefined): string {
  return quote(certificate?.subject.replaceAll("\n", ", "));
}
