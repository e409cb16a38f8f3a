import type { ShownBatch, ShownCertificate, ShownDevice } from "./show";
import type { BatchReport } from "./verify";

/** Of more bundles than this, those are shown about which there is something to say. */
const SHOWN = 20;

/** What stands in a batch's folder, for people. */
export function batchText(batch: ShownBatch): string {
  const lines = [
    `${batch.directory}: ${list(batch.devices, "device", "devices")}`,
    ...(Object.keys(batch.issuers).length > 0
      ? [`issued by: ${list(batch.issuers)}`]
      : []),
    ...(Object.keys(batch.expiry).length > 0
      ? [`ending in: ${list(batch.expiry)}`]
      : []),
    ...(batch.nextRenewal === null
      ? []
      : [
          `next renewal: ${batch.nextRenewal}${batch.due !== null && batch.due > 0 ? ` (${number(batch.due)} due by now)` : ""}`,
        ]),
    ...(batch.superseded > 0
      ? [
          `earlier certificates that have not ended: ${number(batch.superseded)}`,
        ]
      : []),
    ...bundleLines(batch),
  ];
  return `${lines.join("\n")}\n`;
}

function bundleLines({ bundles }: ShownBatch): string[] {
  if (bundles.length === 0) {
    return [];
  }
  const files = bundles.flatMap((bundle) => bundle.files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const shown =
    bundles.length <= SHOWN
      ? bundles
      : bundles.filter((bundle) =>
          bundle.files.some(
            ({ kind, state }) =>
              state !== "there" &&
              !(state === "gone" && kind !== "certificates"),
          ),
        );
  const gone = files.filter(
    ({ kind, state }) => kind !== "certificates" && state === "gone",
  ).length;
  return [
    `bundles: ${number(bundles.length)}, ${size(bytes)} in ${number(files.length)} files${gone > 0 ? `; ${number(gone)} of keys and key stores are handed over` : ""}`,
    ...shown.flatMap((bundle) => [
      `  ${String(bundle.number).padStart(6, "0")}  ${bundle.signedAt}  ${number(bundle.devices)} from ${bundle.firstId} to ${bundle.lastId}`,
      ...bundle.files.map(
        ({ name, bytes: length, state }) =>
          `          ${name}  ${size(length)}  ${state}`,
      ),
    ]),
  ];
}

/** What a device has and had, for people. */
export function deviceText(device: ShownDevice): string {
  return [
    `${device.id}: ${device.status}`,
    "now:",
    ...certificateLines(device.certificate),
    ...device.superseded.flatMap((one) => [
      "before:",
      ...certificateLines(one),
    ]),
    "",
  ].join("\n");
}

function certificateLines(certificate: ShownCertificate): string[] {
  const { issuer, generation, renewAt, bundle } = certificate;
  return [
    `  serial number  ${certificate.serialNumber}`,
    `  valid          ${certificate.notBefore} to ${certificate.notAfter}`,
    ...(renewAt === "" ? [] : [`  renewal        ${renewAt}`]),
    ...(issuer === ""
      ? []
      : [
          `  issuer         ${generation === "" ? "" : `${generation}, `}key ${issuer}`,
        ]),
    `  SHA-256        ${certificate.sha256}`,
    `  ThingsBoard    ${certificate.thingsBoardCredentialsId}`,
    ...(bundle === null ? [] : [`  bundle         ${bundle}`]),
  ];
}

/** What came of a check, for people. */
export function reportText(report: BatchReport): string {
  const { certificates, keys, sampled, every, seed } = report;
  const lines = [
    ...report.findings.map(
      ({ code, place, message }) =>
        `✗ ${place === "" ? "" : `${place} `}${message} [${code}]`,
    ),
    `${number(report.good)} good ${report.good === 1 ? "file" : "files"}${report.handedOver > 0 ? `, ${number(report.handedOver)} of keys handed over` : ""}${report.sealed > 0 ? `, ${number(report.sealed)} sealed and not opened` : ""}`,
    `${number(certificates)} ${certificates === 1 ? "certificate" : "certificates"} held against inventory and CA, ${number(keys)} ${keys === 1 ? "key" : "keys"} against ${keys === 1 ? "its certificate" : "their certificates"}`,
    report.rooted
      ? `${number(sampled)} verified in full, up to the root (one in ${number(every)}; --seed ${seed} picks the same)`
      : "none verified up to a root, since none is at hand; name it with --ca",
    report.found === 0
      ? `${report.directory}: good`
      : `${report.directory}: ${number(report.found)} ${report.found === 1 ? "finding" : "findings"}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** `1,000,000` */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

function list(
  counts: Readonly<Record<string, number>>,
  one = "",
  many = "",
): string {
  const entries = Object.entries(counts);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const parts = entries.map(([name, count]) => `${number(count)} ${name}`);
  return one === ""
    ? entries.map(([name, count]) => `${name} (${number(count)})`).join(", ")
    : `${number(total)} ${total === 1 ? one : many}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

function size(bytes: number): string {
  if (bytes < 1_000_000) {
    return `${(bytes / 1_000).toFixed(1)} kB`;
  }
  return bytes < 1_000_000_000
    ? `${(bytes / 1_000_000).toFixed(1)} MB`
    : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
