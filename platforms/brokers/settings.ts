import { isIP } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import { CertificateList } from "@peculiar/asn1-x509";
import type { BrokerGenerator, BrokerSettings } from "./broker";
import { BrokerIdentity } from "./broker";
import { bytesOf, revocationListsOf } from "./pem";
import { belowOthers, filterProblem, namesDevice } from "./topics";

/** Topics of a device where none are given. */
export const DEFAULT_TOPICS: readonly string[] = ["devices/{device}/#"];

/** Ids that this package issues certificates for. */
const DEVICE_ID = /^[A-Za-z0-9._@/-]{1,64}$/;
const FOLDER = /^(\/[A-Za-z0-9._@-]+)+$/;
const SUBJECT = /^[^"\p{Cc}]+$/u;

/**
 * All that is wrong with what is asked of a broker:
 * `<property>: <value> <what is wrong>; <what to write instead>`.
 */
export function settingsProblems(
  generator: BrokerGenerator,
  settings: BrokerSettings,
): string[] {
  const problems = [
    ...folderProblems(settings),
    ...(isPort(settings.port)
      ? []
      : [`port: ${settings.port} is no port; write 1 to 65535, usually 8883.`]),
    ...(isIP(settings.address) !== 0 && !settings.address.includes("%")
      ? []
      : [
          `address: ${JSON.stringify(settings.address)} is no IP address; write "0.0.0.0" for all of IPv4.`,
        ]),
    ...identityProblems(generator, settings),
    ...deviceProblems(generator, settings),
    ...revocationProblems(generator, settings),
  ];
  // What is special to a broker presupposes that the values are such at all.
  return problems.length > 0 ? problems : generator.problems(settings);
}

function folderProblems({ paths }: BrokerSettings): string[] {
  return Object.entries(paths).flatMap(([name, path]: [string, string]) =>
    FOLDER.test(path) && !/\/\.\.?(\/|$)/.test(path)
      ? []
      : [
          `paths.${name}: ${JSON.stringify(path)} is no absolute path of a folder; write "/" and names of A-Z a-z 0-9 . _ @ -, without a slash at the end.`,
        ],
  );
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

function identityProblems(
  { title, identities }: BrokerGenerator,
  { identity, topics, requireCertificate }: BrokerSettings,
): string[] {
  if (!identities.includes(identity)) {
    return [
      `identity: ${JSON.stringify(identity)} is nothing that ${title} can know a device by; write one of ${identities.join(", ")}.`,
    ];
  }
  return [
    ...topics.flatMap((filter, index) => {
      const problem = filterProblem(filter);
      return problem === undefined ? [] : [`topics[${index}]: ${problem}`];
    }),
    ...(topics.length === 0
      ? [
          'topics: is empty, so that no device may do anything; write one, or "#" for all.',
        ]
      : []),
    ...(identity === BrokerIdentity.None && !requireCertificate
      ? [
          `requireCertificate: false with identity ${JSON.stringify(identity)} lets in anyone who finds the port; leave one of the two out.`,
        ]
      : []),
    ...(identity === BrokerIdentity.None && topics !== DEFAULT_TOPICS
      ? [
          `topics: cannot be guarded where nobody is told apart; leave it out, or write another identity.`,
        ]
      : []),
  ];
}

function deviceProblems(
  { needsDevices }: BrokerGenerator,
  { devices, identity, topics }: BrokerSettings,
): string[] {
  // The last of several counts in a Map: the first is to.
  const first = new Map(
    devices.map(({ id }, index): [string, number] => [id, index]).reverse(),
  );
  return [
    ...(needsDevices !== undefined &&
    identity !== BrokerIdentity.None &&
    devices.length === 0
      ? [
          `devices: is missing; write the ids of the devices, since ${needsDevices}.`,
        ]
      : []),
    ...devices.flatMap(({ id, subject }, index) => [
      ...(DEVICE_ID.test(id)
        ? []
        : [
            `devices[${index}].id: ${JSON.stringify(id)} is no id of a device; use 1 to 64 of A-Za-z0-9._@/-.`,
          ]),
      ...((first.get(id) ?? index) < index
        ? [
            `devices[${index}].id: ${JSON.stringify(id)} stands in devices[${first.get(id) ?? index}] already; take one out.`,
          ]
        : []),
      ...(SUBJECT.test(subject)
        ? []
        : [
            `devices[${index}].subject: ${JSON.stringify(subject)} is empty, or holds a quote or a control character; write such as "CN=${id}".`,
          ]),
    ]),
    ...(identity === BrokerIdentity.None || !topics.some(namesDevice)
      ? []
      : overlapProblems(devices.map(({ id }) => id))),
  ];
}

/** `a` may what is below `devices/a`, and by that what `a/b` may alone. */
function overlapProblems(ids: readonly string[]): string[] {
  const above = belowOthers(ids);
  return ids.flatMap((id, index) => {
    const other = above.get(id);
    return other === undefined
      ? []
      : [
          `devices[${index}].id: ${JSON.stringify(id)} lies below ${JSON.stringify(other)}, which would reach its topics; give one of them another id, or topics without {device}.`,
        ];
  });
}

function revocationProblems(
  { title, readsRevocationList }: BrokerGenerator,
  { crlPem }: BrokerSettings,
): string[] {
  if (crlPem === "") {
    return [];
  }
  if (!readsRevocationList) {
    return [
      `crlPem: is nothing that ${title} reads from a file; leave it out.`,
    ];
  }
  const blocks = revocationListsOf(crlPem);
  return blocks.length === 0
    ? [
        'crlPem: holds no revocation list; write PEM with "-----BEGIN X509 CRL-----".',
      ]
    : blocks.flatMap((block, index) =>
        isRevocationList(block)
          ? []
          : [
              `crlPem: its block ${index + 1} is no X.509 revocation list; make it with openssl ca -gencrl.`,
            ],
      );
}

function isRevocationList(block: string): boolean {
  try {
    AsnConvert.parse(bytesOf(block), CertificateList);
    return true;
  } catch {
    return false;
  }
}

/** When the first revocation list of a PEM text has to be replaced by its successor; `undefined` where none says. */
export function nextUpdateOf(crlPem: string): Date | undefined {
  const times = revocationListsOf(crlPem).flatMap((block) => {
    const { nextUpdate } = AsnConvert.parse(
      bytesOf(block),
      CertificateList,
    ).tbsCertList;
    return nextUpdate === undefined ? [] : [nextUpdate.getTime().getTime()];
  });
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** The parts of a subject beside the common name. */
export interface SubjectParts {
  readonly country?: string;
  readonly province?: string;
  readonly locality?: string;
  readonly organizations: readonly string[];
  readonly organizationalUnits: readonly string[];
  readonly serialNumber?: string;
}

/** A device's subject, RFC 4514. */
export function subjectText(id: string, parts: SubjectParts): string {
  const values: [string, string | undefined][] = [
    ["CN", id],
    ["SERIALNUMBER", parts.serialNumber],
    ...parts.organizationalUnits.map((unit): [string, string] => ["OU", unit]),
    ...parts.organizations.map((one): [string, string] => ["O", one]),
    ["L", parts.locality],
    ["ST", parts.province],
    ["C", parts.country],
  ];
  return values
    .flatMap(([type, value]) =>
      value === undefined || value === "" ? [] : [`${type}=${escaped(value)}`],
    )
    .join(",");
}

function escaped(value: string): string {
  return value
    .replace(/[,+"\\<>;=]/g, String.raw`\$&`)
    .replace(/^[# ]/, String.raw`\$&`)
    .replace(/ $/, String.raw`\ `);
}
