import { X509Certificate } from "node:crypto";
import { splitCertificates } from "../../pki/pem";

/** What TBMQ's certificate file is to hold, or why there is none. */
export type ServerFile =
  { readonly pem: string } | { readonly problem: string };

/**
 * The certificate file of TBMQ: the server's chain up to its root. TBMQ
 * validates devices by the certificates of that very file, and does not start
 * on one that is no chain.
 *
 * Source: `PemSslCredentials` and `AbstractMqttHandlerProvider` of
 * thingsboard/tbmq.
 *
 * @param chainPem leaf first, then intermediates
 * @param trustAnchorsPem roots, among them the chain's
 *
 * @example
 * ```ts
 * fileWithRoot(server.chainPem, server.trustAnchorsPem);
 * ```
 */
export function fileWithRoot(
  chainPem: string,
  trustAnchorsPem: string,
): ServerFile {
  const chain = certificatesOf(chainPem);
  const top = chain?.at(-1)?.certificate;
  if (chain === undefined || top === undefined) {
    return {
      problem:
        "holds no certificate that can be read; give the server's chain, the leaf first.",
    };
  }
  if (isIssuedBy(top, top)) {
    return { pem: join(chain) };
  }
  const root = certificatesOf(trustAnchorsPem)?.find(({ certificate }) =>
    isIssuedBy(top, certificate),
  );
  return root === undefined
    ? {
        problem: `${JSON.stringify(nameOf(top))} at its end is issued by none of trustAnchorsPem; give the chain up to where a root follows.`,
      }
    : { pem: join([...chain, root]) };
}

/**
 * Why TBMQ would refuse the devices of a CA: neither that CA nor one above it
 * is in the server's file. Empty where it would take them.
 *
 * @param filePem what {@link fileWithRoot} made
 * @param authorityPem the CA that issues for devices, and those above it
 */
export function deviceTrustProblem(
  filePem: string,
  authorityPem: string,
): string {
  const anchors = (certificatesOf(filePem) ?? [])
    .map(({ certificate }) => certificate)
    .filter(({ ca }) => ca);
  const path = certificatesOf(authorityPem)?.map(
    ({ certificate }) => certificate,
  );
  if (path === undefined) {
    return "holds a certificate that cannot be read; give the CA itself, or its certificate.";
  }
  const isKnown = path.some((certificate) =>
    anchors.some(
      (anchor) =>
        (anchor.subject === certificate.subject &&
          anchor.publicKey.equals(certificate.publicKey)) ||
        isIssuedBy(certificate, anchor),
    ),
  );
  const [authority] = path;
  return isKnown || authority === undefined
    ? ""
    : `${JSON.stringify(nameOf(authority))} hangs from none of the CAs in the server's chain (${anchors.map((anchor) => JSON.stringify(nameOf(anchor))).join(", ")}), ${WAYS_OUT}`;
}

/**
 * The same by the names of the roots in the program, for a preview in which
 * there is no certificate yet. Empty where a name is not known.
 */
export function otherRootProblem(
  serverRoots: readonly string[],
  deviceRoots: readonly string[],
): string {
  const [server] = serverRoots;
  const [device] = deviceRoots;
  return server === undefined ||
    device === undefined ||
    deviceRoots.some((name) => serverRoots.includes(name))
    ? ""
    : `hangs from ${JSON.stringify(device)} and the server from ${JSON.stringify(server)}, ${WAYS_OUT}`;
}

const WAYS_OUT = `and TBMQ validates devices by the certificates of server.pem alone; let one root issue for server and devices, or write credentialsType "KEYSTORE", where the store holds the device root beside the chain.`;

interface Read {
  readonly pem: string;
  readonly certificate: X509Certificate;
}

/** Undefined where one of them cannot be read. */
function certificatesOf(text: string): Read[] | undefined {
  try {
    return splitCertificates(text).map((pem) => ({
      pem,
      certificate: new X509Certificate(pem),
    }));
  } catch {
    return undefined;
  }
}

function join(certificates: readonly Read[]): string {
  return certificates.map(({ pem }) => pem).join("");
}

function isIssuedBy(
  certificate: X509Certificate,
  issuer: X509Certificate,
): boolean {
  return (
    certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  );
}

function nameOf({ subject }: X509Certificate): string {
  return /^CN=(.+)$/m.exec(subject)?.[1] ?? subject.replaceAll("\n", ", ");
}
