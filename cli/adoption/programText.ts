import { formatSubject } from "../../pki/subject";
import type { FoundAuthority } from "../../pki/openssl/directory";
import { formatDate } from "../../pki/validity";
import type { AdoptionPlan } from "./plan";

/** Words that the program has a use for already, or that JavaScript has. */
const TAKEN =
  /^(batches|class|config|const|default|delete|else|enum|existing|export|import|issuer|issuers|new|pulumi|return|servers|switch|this|typeof|var|void|with)$/;

function variable({ name }: FoundAuthority): string {
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
  return TAKEN.test(camel) ? `${camel}Authority` : camel;
}

/** The program that takes a PKI over: its CAs by name, all else from the stack's configuration. */
export function programText({ authorities }: AdoptionPlan): string {
  const roots = authorities.filter(({ issuer }) => issuer === undefined);
  const components = [
    "DeviceCertificateBatch",
    ...(roots.length < authorities.length ? ["IntermediateCA"] : []),
    "RootCA",
    "ServerCertificate",
  ];
  return `import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Issuer, ServerCertificateArgs } from "mqtt-pki";
import {
${components.map((name) => `  ${name},\n`).join("")}} from "mqtt-pki";

const config = new pulumi.Config();

/**
 * A CA's certificate stands beside this program. Its key is a secret of the
 * stack, and is never a file here; without it, the CA is trusted and signs
 * nothing, as is right for a root that is kept offline.
 */
function existing(name: string) {
  return {
    certificatePem: readFileSync(\`authorities/\${name}.pem\`, "utf8"),
    privateKeyPem: config.getSecret(\`\${name}-key\`),
    passphrase: config.getSecret(\`\${name}-passphrase\`),
  };
}

${authorities.map(authorityText).join("\n")}
const issuers: Record<string, Issuer> = {
${authorities.map((one) => `  ${JSON.stringify(one.name)}: ${variable(one)},\n`).join("")}};

function issuer(name: string): Issuer {
  const found = issuers[name];
  if (found === undefined) {
    throw new pulumi.RunError(
      \`issuer: \${JSON.stringify(name)} is none of \${Object.keys(issuers).join(", ")}.\`,
    );
  }
  return found;
}

interface Server extends Omit<ServerCertificateArgs, "issuer"> {
  name: string;
  issuer: string;
  /** Whether a certificate is made here; until then the old one stays in service. */
  issue: boolean;
  /** When the certificate it had before ends. */
  inServiceUntil?: string;
}

const servers = (config.getObject<Server[]>("servers") ?? [])
  .filter(({ issue }) => issue)
  .map(({ name, issue, inServiceUntil, ...args }) => ({
    name,
    certificate: new ServerCertificate(name, {
      ...args,
      issuer: issuer(args.issuer),
    }),
  }));

interface Batch {
  name: string;
  issuer: string;
  manifest: string;
  directory: string;
  includeRoot?: boolean;
}

for (const batch of config.getObject<Batch[]>("deviceBatches") ?? []) {
  new DeviceCertificateBatch(batch.name, {
    issuer: issuer(batch.issuer),
    manifest: batch.manifest,
    includeRoot: batch.includeRoot ?? false,
    output: { directory: batch.directory },
  });
}

/** What devices and brokers trust, by root. PEM. */
export const trustAnchors = {
${roots.map((one) => `  ${JSON.stringify(one.name)}: ${variable(one)}.trustAnchorsPem,\n`).join("")}};

/** For each server made here: chain, key (secret), and when an update renews it. */
export const serverCertificates = Object.fromEntries(
  servers.map(({ name, certificate }) => [
    name,
    {
      chainPem: certificate.chainPem,
      privateKeyPem: certificate.privateKeyPem,
      notAfter: certificate.notAfter,
      renewAt: certificate.renewAt,
    },
  ]),
);
`;
}

function authorityText(authority: FoundAuthority): string {
  const { name, subject, certificate, issuer } = authority;
  const end = formatDate(certificate.reading.notAfter).slice(0, 10);
  const component = issuer === undefined ? "RootCA" : "IntermediateCA";
  return `// ${comment(formatSubject(subject))}, until ${end}
const ${variable(authority)} = new ${component}(${JSON.stringify(name)}, {
${issuer === undefined ? "" : `  issuer: ${variable(issuer)},\n`}  existing: existing(${JSON.stringify(name)}),
});
`;
}

/** A text that cannot end its comment. */
function comment(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}
