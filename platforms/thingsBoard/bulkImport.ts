import {
  THINGSBOARD_BODY,
  THINGSBOARD_HEADER,
  THINGSBOARD_MAPPING,
} from "../../pki/batch/exports/tables";

/** What stands around the rows of a bulk import, and how a row stands in it. */
export const BULK_IMPORT = {
  begin: `{"mapping":${JSON.stringify(THINGSBOARD_MAPPING)},"file":"`,
  end: '"}\n',
  encode: (text: string) => JSON.stringify(text).slice(1, -1),
} as const;

/**
 * The body of one `POST /api/device/bulk_import`, below ThingsBoard's limit of
 * 16 MiB (`server.http.max_payload_size`).
 */
export class BulkImportBody<T> {
  /** What stands in it, in the order of its lines. */
  readonly rows: T[] = [];
  private content = `${BULK_IMPORT.begin}${BULK_IMPORT.encode(THINGSBOARD_HEADER)}`;
  private bytes =
    Buffer.byteLength(this.content) + Buffer.byteLength(BULK_IMPORT.end);

  /** Is there room for one more row? An empty body takes any. */
  fits(row: string): boolean {
    const length = Buffer.byteLength(BULK_IMPORT.encode(row));
    return this.rows.length === 0 || this.bytes + length <= THINGSBOARD_BODY;
  }

  /**
   * @param row a line of CSV with its line break: name, profile, base64 of the certificate
   * @param what it is about
   */
  add(row: string, what: T): void {
    const encoded = BULK_IMPORT.encode(row);
    this.content += encoded;
    this.bytes += Buffer.byteLength(encoded);
    this.rows.push(what);
  }

  text(): string {
    return this.content + BULK_IMPORT.end;
  }
}
