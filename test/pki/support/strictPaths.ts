import { x509 } from "../../../pki/webcrypto";
import { issue, root } from "./authority";
import type { Path, RefusedPath } from "./paths";
import { goodParties, name, path } from "./paths";
import { caExtensions, caKeyUsage, craft } from "./craft";

/** What a strict OpenSSL refuses, made by other tools: our answer may be any refusal. */
export const STRICT_PATHS: readonly Omit<RefusedPath, "problem">[] = [
  {
    rule: "an anchor that is not self-signed",
    async make() {
      const { ca, leaf } = await goodParties();
      return path([leaf], [ca]);
    },
    openssl: /unable to get issuer certificate/,
  },
  {
    rule: "a root without keyUsage",
    make: () =>
      underForeignRoot([
        new x509.BasicConstraintsExtension(true, undefined, true),
      ]),
    openssl: /CA cert does not include key usage extension/,
  },
  {
    rule: "a root whose basicConstraints are not critical",
    make: () =>
      underForeignRoot([
        new x509.BasicConstraintsExtension(true, undefined, false),
        caKeyUsage(),
      ]),
    openssl: /Basic Constraints of CA cert not marked critical/,
  },
  {
    rule: "a CA with a critical extension nobody knows",
    async make() {
      const authority = await root();
      const ca = await craft({
        subject: name("Odd CA"),
        issuer: authority,
        extensions: [
          ...caExtensions(0),
          new x509.Extension("1.3.6.1.4.1.99999.1", true, Buffer.from([5, 0])),
        ],
      });
      return path([await issue(ca, { validityDays: 5 }), ca], [authority]);
    },
    openssl: /unhandled critical extension/,
  },
  {
    rule: "a CA without a subject key identifier",
    async make() {
      const authority = await root();
      const ca = await craft({
        subject: name("No id"),
        issuer: authority,
        extensions: caExtensions(0),
        subjectKeyIdentifier: "",
      });
      return path([await issue(ca, { validityDays: 5 }), ca], [authority]);
    },
    openssl: /Missing Subject Key Identifier/,
  },
];

async function underForeignRoot(extensions: x509.Extension[]): Promise<Path> {
  const authority = await craft({ subject: name("Foreign Root"), extensions });
  return path([await issue(authority, { validityDays: 5 })], [authority]);
}
