import { X509Certificate } from "node:crypto";
import { readAuthorityKeyIdentifier } from "../../../pki/authority";
import { generateKey } from "../../../pki/key";
import { encodePem } from "../../../pki/pem";
import { x509 } from "../../../pki/webcrypto";
import type { Party } from "./authority";
import { DEFAULT_NOW, intermediate, issue, root } from "./authority";
import { caExtensions, caKeyUsage, craft, leafExtensions } from "./craft";
import type { RefusedPath } from "./paths";
import { goodParties, name, path } from "./paths";

const DAY = 86_400_000;

/** Each for a reason of its own. */
export const REFUSED_PATHS: readonly RefusedPath[] = [
  {
    rule: "a chain whose order is turned round",
    async make() {
      const { authority, ca, leaf } = await goodParties();
      return path([ca, leaf], [authority]);
    },
    problem: /^chain: no trust anchor signed "CN=thermometer-1"\.$/,
  },
  {
    rule: "a chain without its intermediate",
    async make() {
      const { authority, leaf } = await goodParties();
      return path([leaf], [authority]);
    },
    problem: /^chain: no trust anchor signed "CN=thermometer-1"\.$/,
    openssl: /unable to get local issuer certificate/,
  },
  {
    rule: "a chain with a foreign CA in between",
    async make() {
      const { authority, leaf } = await goodParties();
      const other = await intermediate(authority, {
        subject: { commonName: "Other CA" },
      });
      return path([leaf, other], [authority]);
    },
    problem:
      /^CN=Other CA: did not sign "CN=thermometer-1", which stands before it\.$/,
    openssl: /unable to get local issuer certificate/,
  },
  {
    rule: "a chain with the right name and the wrong key in between",
    async make() {
      const { authority, leaf } = await goodParties();
      return path([leaf, await intermediate(authority)], [authority]);
    },
    problem: /^CN=Test Issuing CA: did not sign "CN=thermometer-1"/,
    openssl: /unable to get local issuer certificate/,
  },
  {
    rule: "an issuer for servers only above a device's certificate",
    async make() {
      const authority = await root();
      const ca = await intermediate(authority, {
        extensions: { extendedKeyUsage: ["serverAuth"] },
      });
      return path([await issue(ca), ca], [authority]);
    },
    problem:
      /^CN=Test Issuing CA: does not issue for extended key usage 1\.3\.6\.1\.5\.5\.7\.3\.2, which "CN=thermometer-1" has\.$/,
  },
  {
    rule: "a chain that repeats its leaf",
    async make() {
      const { authority, ca, leaf } = await goodParties();
      return path([leaf, leaf, ca], [authority]);
    },
    problem:
      /^CN=thermometer-1: (did not sign "CN=thermometer-1"|is no CA|may not sign)/,
  },
  {
    rule: "the root of somebody else",
    async make() {
      const { ca, leaf } = await goodParties();
      return path(
        [leaf, ca],
        [await root({ subject: { commonName: "Other" } })],
      );
    },
    problem: /^chain: no trust anchor signed "CN=Test Issuing CA"\.$/,
    openssl: /unable to get (local )?issuer certificate/,
  },
  {
    rule: "a root of the same name and another key",
    async make() {
      const { ca, leaf } = await goodParties();
      return path([leaf, ca], [await root()]);
    },
    problem: /^chain: no trust anchor signed "CN=Test Issuing CA"\.$/,
    openssl: /unable to get (local )?issuer certificate/,
  },
  {
    rule: "a root of the same name and a key of another kind",
    async make() {
      const { ca, leaf } = await goodParties();
      const other = await root({ key: { algorithm: "RSA", rsaBits: 2048 } });
      return path([leaf, ca], [other]);
    },
    problem: /^chain: no trust anchor signed "CN=Test Issuing CA"\.$/,
    openssl: /unable to get (local )?issuer certificate/,
  },
  {
    rule: "a key of another kind that claims the issuer's identifier",
    async make() {
      const { ca, leaf } = await goodParties();
      const other = await craft({
        subject: [{ CN: [{ utf8String: "Test Root CA" }] }],
        key: generateKey({ algorithm: "ED25519" }),
        extensions: caExtensions(),
        subjectKeyIdentifier: akiOf(ca),
      });
      return path([leaf, ca], [other]);
    },
    problem: /^chain: no trust anchor signed "CN=Test Issuing CA"\.$/,
    openssl: /signature|unable to get (local )?issuer certificate/,
  },
  {
    rule: "no anchor at all",
    async make() {
      const { ca, leaf } = await goodParties();
      return path([leaf, ca], []);
    },
    problem: /^chain: no trust anchor signed/,
  },
  {
    rule: "an expired leaf",
    async make() {
      const { authority, ca, leaf } = await goodParties();
      return path([leaf, ca], [authority], after(leaf));
    },
    problem:
      /^CN=thermometer-1: is valid from .* to 2027-02-18T12:00:00Z only\.$/,
    openssl: /certificate has expired/,
  },
  {
    rule: "a leaf of tomorrow",
    async make() {
      const { authority, ca, leaf } = await goodParties();
      return path([leaf, ca], [authority], before(leaf));
    },
    // All three were made in the same minute.
    problem: /is valid from 2026-11-20T11:00:00Z/,
    openssl: /certificate is not yet valid/,
  },
  {
    rule: "an expired intermediate",
    async make() {
      const authority = await root();
      const ca = await intermediate(authority, { validityDays: 10 });
      const leaf = await craft({
        subject: name("leaf"),
        issuer: ca,
        notAfter: new Date(DEFAULT_NOW.getTime() + 400 * DAY),
        extensions: leafExtensions(),
      });
      return path([leaf, ca], [authority], after(ca));
    },
    problem: /^CN=Test Issuing CA: is valid from .* only\.$/,
    openssl: /certificate has expired/,
  },
  {
    rule: "an expired root",
    async make() {
      const authority = await root({ validityDays: 10 });
      const leaf = await craft({
        subject: name("leaf"),
        issuer: authority,
        notAfter: new Date(DEFAULT_NOW.getTime() + 400 * DAY),
        extensions: leafExtensions(),
      });
      return path([leaf], [authority], after(authority));
    },
    problem: /^CN=Test Root CA: is valid from .* only\.$/,
    openssl: /certificate has expired/,
  },
  {
    rule: "a path length that leaves no room",
    async make() {
      const authority = await root();
      const ca = await intermediate(authority, { pathLength: 0 });
      const below = await craft({
        subject: name("Sub CA"),
        issuer: ca,
        extensions: caExtensions(),
      });
      const leaf = await craft({
        subject: name("leaf"),
        issuer: below,
        extensions: leafExtensions(),
      });
      return path([leaf, below, ca], [authority]);
    },
    problem:
      /^CN=Test Issuing CA: has path length constraint 0, and 1 CAs stand below it\.$/,
    openssl: /path length constraint exceeded/,
  },
  {
    rule: "a path length of the root that leaves no room",
    async make() {
      const authority = await root({ pathLength: 0 });
      const ca = await craft({
        subject: name("CA"),
        issuer: authority,
        extensions: caExtensions(),
      });
      return path([await issue(ca, { validityDays: 5 }), ca], [authority]);
    },
    problem: /^CN=Test Root CA: has path length constraint 0/,
    openssl: /path length constraint exceeded/,
  },
  {
    rule: "a name outside the issuer's constraints",
    async make() {
      const authority = await root({
        nameConstraints: { permittedDnsNames: ["example.com"] },
      });
      const ca = await intermediate(authority);
      const leaf = await issue(ca, { dnsNames: ["example.net"] });
      return path([leaf, ca], [authority]);
    },
    problem:
      /^dnsNames\[0\]: "example.net" is outside the issuer's name constr/,
    openssl: /permitted subtree violation/,
  },
  {
    rule: "a CA that may sign CRLs only",
    async make() {
      const authority = await root();
      const ca = await craft({
        subject: name("CRL signer"),
        issuer: authority,
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.Extension("2.5.29.15", true, Buffer.from("03020102", "hex")),
        ],
      });
      return path([await issue(ca, { validityDays: 5 }), ca], [authority]);
    },
    problem: /^CN=CRL signer: may not sign certificates \(key usage\)\.$/,
    openssl: /invalid CA certificate|keyCertSign|does not include keyCertSign/,
  },
  {
    rule: "an issuer that is no CA",
    async make() {
      const { authority, ca } = await goodParties();
      const device = await issue(ca, { subject: { commonName: "device" } });
      const leaf = await craft({
        subject: name("leaf"),
        issuer: device,
        extensions: leafExtensions(),
      });
      return path([leaf, device, ca], [authority]);
    },
    problem:
      /^CN=device: (is no CA|may not sign certificates \(key usage\))\.$/,
    openssl: /invalid CA certificate/,
  },
  {
    rule: "an issuer of version 1, without basicConstraints",
    async make() {
      const authority = await root();
      const ca = await craft({
        subject: name("Old CA"),
        issuer: authority,
        extensions: [caKeyUsage()],
      });
      return path([await issue(ca, { validityDays: 5 }), ca], [authority]);
    },
    problem: /^CN=Old CA: is no CA\.$/,
    openssl: /invalid CA certificate/,
  },
  {
    rule: "a signature that is not the issuer's",
    async make() {
      const { authority, ca, leaf } = await goodParties();
      const { raw } = new X509Certificate(leaf.certificatePem);
      const forged = Buffer.from(raw);
      const last = forged.length - 1;
      forged.writeUInt8(forged.readUInt8(last) ^ 1, last);
      return {
        ...path([leaf, ca], [authority]),
        chain: [encodePem("CERTIFICATE", forged), ca.certificatePem],
      };
    },
    problem: /^CN=Test Issuing CA: did not sign "CN=thermometer-1"/,
    openssl: /certificate signature failure/,
  },
];

function akiOf({ certificatePem }: Party): string {
  return readAuthorityKeyIdentifier(certificatePem) ?? "";
}

function after({ validity }: Party): Date {
  return new Date(validity.notAfter.getTime() + 1000);
}

function before({ validity }: Party): Date {
  return new Date(validity.notBefore.getTime() - 1000);
}
