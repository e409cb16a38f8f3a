import type { Problem } from "../../problem";
import { quote } from "../../problem";
import { formatDate } from "../../validity";
import { csvLine, quoteCsv } from "./csv";
import type { DeviceFilter, DeviceRecord, ExportSource } from "./source";

/** A table that is written row by row. */
export interface ExportTable {
  /** The first line of each file. */
  readonly header: string;
  /** Rows with their line breaks, some hundred together. */
  rows(): AsyncIterable<readonly string[]> | Iterable<readonly string[]>;
  /** More than this many rows no file may have. */
  readonly maximumRows?: number;
}

const COLUMNS = [
  "id",
  "serialNumber",
  "issuer",
  "generation",
  "notBefore",
  "notAfter",
  "renewAt",
  "sha256",
  "thingsBoardCredentialsId",
  "bundle",
  "status",
] as const satisfies readonly (keyof DeviceRecord)[];

/** The inventory itself, sorted by id. */
export function inventoryTable(
  source: ExportSource,
  filter: DeviceFilter,
): ExportTable {
  return {
    header: csvLine(COLUMNS),
    *rows() {
      for (const records of source.devices(filter)) {
        yield records.map((record) =>
          csvLine(COLUMNS.map((column) => record[column])),
        );
      }
    },
  };
}

/** How devices are registered in Cumulocity. */
export interface CumulocityOptions {
  /** `type` of the managed objects. */
  readonly type: string;
  /** Groups they go into, created where they are missing: `plant 7/hall 3`. */
  readonly path?: string;
}

/** Every mistake in them; empty where they are good. */
export function checkCumulocity({
  type,
  path,
}: Partial<CumulocityOptions>): Problem[] {
  return [
    ...(type === undefined || type === ""
      ? [
          {
            path: "type",
            message:
              "is needed for Cumulocity, which wants TYPE beside NAME; write the type your devices have there, such as --type thermometer.",
          },
        ]
      : cellProblems("type", type)),
    ...(path === undefined ? [] : cellProblems("path", path)),
  ];
}

/** Cumulocity guesses the separator among tab, semicolon and comma, so no value may hold any. */
function cellProblems(path: string, value: string): Problem[] {
  return /[,;\t\r\n"]/.test(value) || value.trim() !== value
    ? [
        {
          path,
          message: `${quote(value)} holds a comma, semicolon, quote, tab or line break, or blanks around it, which the upload to Cumulocity would take apart; write it without.`,
        },
      ]
    : [];
}

/**
 * Cumulocity's bulk registration: each device is made with its user, and
 * logs in with its certificate. There are no credentials in it.
 *
 * @see https://cumulocity.com/docs/device-management-application/registering-devices/
 */
export function cumulocityTable(
  source: ExportSource,
  filter: DeviceFilter,
  { type, path }: CumulocityOptions,
): ExportTable {
  const end = `,${type}${path === undefined ? "" : `,${path}`},true\n`;
  return {
    header: csvLine([
      "ID",
      "AUTH_TYPE",
      "NAME",
      "TYPE",
      ...(path === undefined ? [] : ["PATH"]),
      "com_cumulocity_model_Agent.active",
    ]),
    *rows() {
      for (const records of source.devices(filter)) {
        // Device ids hold nothing that would need quotes.
        yield records.map(({ id }) => `${id},CERTIFICATES,${id}${end}`);
      }
    },
  };
}

/** Cumulocity takes no more entries in one upload of a CRL. */
const CRL_ROWS = 5_000;

/**
 * The certificates that are to be revoked, as Cumulocity's upload of a CRL
 * takes them: a device's present one and those it had before, unless they have
 * ended.
 *
 * @param now becomes the date of the revocation
 */
export function revocationTable(source: ExportSource, now: Date): ExportTable {
  // Cumulocity's pattern has milliseconds. Entries of the future are not taken.
  const end = `,${formatDate(now).replace("Z", ".000Z")}\n`;
  return {
    header: "SERIALNO,DATE\n",
    maximumRows: CRL_ROWS,
    *rows() {
      for (const certificates of source.revoked(now)) {
        yield certificates.map(({ serialNumber }) => `${serialNumber}${end}`);
      }
    },
  };
}

/**
 * ThingsBoard's bulk import: each device with its certificate, base64 on one
 * line.
 *
 * @param type name of the device profile, made where it is missing
 * @throws InputError while it is read, where a file of certificates is missing or damaged
 */
export function thingsBoardTable(
  source: ExportSource,
  filter: DeviceFilter,
  type: string,
): ExportTable {
  return {
    header: THINGSBOARD_HEADER,
    async *rows() {
      for await (const certificates of source.certificates(filter)) {
        yield certificates.map(({ id, certificate }) =>
          thingsBoardRow(id, type, certificate),
        );
      }
    },
  };
}

/** The first line of a table for ThingsBoard. */
export const THINGSBOARD_HEADER = "NAME,TYPE,X509\n";

/**
 * A device in a table for ThingsBoard.
 *
 * @param type name of the device profile
 * @param certificate PEM
 */
export function thingsBoardRow(
  name: string,
  type: string,
  certificate: string,
): string {
  return `${quoteCsv(name)},${quoteCsv(type)},${pemBody(certificate)}\n`;
}

function pemBody(pem: string): string {
  const begin = pem.indexOf("\n") + 1;
  return pem.slice(begin, pem.indexOf("-----", begin)).replaceAll("\n", "");
}

/** What ThingsBoard is told about the columns; `update` gives devices that are there their new certificate. */
export const THINGSBOARD_MAPPING = {
  columns: [{ type: "NAME" }, { type: "TYPE" }, { type: "X509" }],
  delimiter: ",",
  header: true,
  update: true,
} as const;

/** ThingsBoard takes bodies of 16 MiB; some is left for the headers. */
export const THINGSBOARD_BODY = 16 * 1024 * 1024 - 64 * 1024;
