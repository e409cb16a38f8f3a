import { stringify } from "yaml";
import type { FoundLeaf } from "../../pki/openssl/directory";
import { DEFAULT_KEY, describeKey, formatKeySpec } from "../../pki/key";
import { formatDate } from "../../pki/validity";
import type { AdoptionPlan, IssuedRecord } from "./plan";

const DAY = 86_400_000;
/** What a ServerCertificate is valid for where nothing else is said. */
const DEFAULT_DAYS = 365;

/** `Pulumi.yaml` */
export function projectText(project: string, source: string): string {
  return stringify({
    name: project,
    description: `The PKI adopted from ${source}`,
    runtime: { name: "nodejs", options: { typescript: true } },
    main: "index.ts",
    plugins: {
      providers: [
        { name: "mqtt-pki", path: "./node_modules/mqtt-pki/provider" },
      ],
    },
  });
}

/** `package.json`, with the versions that this package was tested with. */
export function packageText(
  project: string,
  { version, pulumi }: { readonly version: string; readonly pulumi: string },
): string {
  return `${JSON.stringify(
    {
      name: project,
      private: true,
      dependencies: { "@pulumi/pulumi": pulumi, "mqtt-pki": version },
    },
    undefined,
    2,
  )}\n`;
}

/** `Pulumi.<stack>.yaml`. Keys and passphrases are set by `config set --secret`, each by its owner. */
export function stackText(project: string, plan: AdoptionPlan): string {
  const { servers, deviceAuthorities, authorities } = plan;
  const section = (comment: string, name: string, value: unknown): string =>
    `${comment
      .split("\n")
      .map((line) => `  # ${line}\n`)
      .join(
        "",
      )}${stringify({ [`${project}:${name}`]: value }).replace(/^(?=.)/gm, "  ")}`;
  return `config:
${section(
  "Servers that had a certificate when the PKI was adopted. Theirs stay valid;\nissue: true makes a new one, with a new key, at the next update.",
  "servers",
  servers.map(serverSettings),
)}
${section(
  "New devices are rows of these manifests. Those with a certificate keep it;\nto give one a new key and certificate, add its id.",
  "deviceBatches",
  deviceAuthorities.map(({ name }) => ({
    name: `${name}-devices`,
    issuer: name,
    manifest: manifestFile(name),
    directory: `issued/${name}`,
    includeRoot: false,
  })),
)}
${section(
  "What openssl ca wrote down of each CA. Serial numbers are random from now on;\ncrlNumber is the number of the next revocation list.",
  "records",
  Object.fromEntries(
    authorities.map(({ name, records }) => [
      name,
      {
        issued: recordsFile(name),
        ...(records.nextSerial?.value !== undefined && {
          nextSerialNumber: records.nextSerial.value,
        }),
        ...(records.crlNumber?.value !== undefined && {
          crlNumber: records.crlNumber.value,
        }),
      },
    ]),
  ),
)}`;
}

/** Where new devices below a CA are listed. */
export function manifestFile(name: string): string {
  return `devices/${name}.csv`;
}

/** Where it is written down what a CA issued before it was adopted. */
export function recordsFile(name: string): string {
  return `authorities/${name}-issued.csv`;
}

function serverSettings(leaf: FoundLeaf): object {
  const { name, issuer, subject, names, certificate } = leaf;
  const { notBefore, notAfter, native } = certificate.reading;
  const days = Math.round((+notAfter - +notBefore) / DAY);
  // The new key is of the kind of the one it has.
  const key = describeKey(native.publicKey);
  const list = (member: string, values: readonly string[] = []): object =>
    values.length === 0 ? {} : { [member]: [...new Set(values)] };
  return {
    name,
    issuer: issuer?.name,
    issue: false,
    inServiceUntil: formatDate(notAfter),
    subject,
    ...list("dnsNames", names.dnsNames),
    ...list("ipAddresses", names.ipAddresses),
    ...list("uris", names.uris),
    ...(key !== undefined &&
      formatKeySpec(key) !== formatKeySpec(DEFAULT_KEY) && { key }),
    ...(days !== DEFAULT_DAYS && { validityDays: days }),
  };
}

const COLUMNS = [
  "serialNumber",
  "status",
  "notAfter",
  "revokedAt",
  "reason",
  "commonName",
  "subject",
  "file",
] as const;

/** What a CA issued, as CSV (RFC 4180). */
export function recordsText(records: readonly IssuedRecord[]): string {
  const rows = records.map((record) =>
    COLUMNS.map((column) => quoted(record[column])).join(","),
  );
  return `${[COLUMNS.join(","), ...rows].join("\n")}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
