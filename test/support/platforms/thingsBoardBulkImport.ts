import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { StoredProfile } from "./thingsBoardStore";
import { Refusal, ThingsBoardStore } from "./thingsBoardStore";

const requestSchema = z.object({
  file: z.string(),
  mapping: z.object({
    columns: z.array(z.object({ type: z.string() })),
    delimiter: z.string(),
    header: z.boolean(),
    update: z.boolean(),
  }),
});

/** What `POST /api/device/bulk_import` answers. */
export interface BulkImportResult {
  created: number;
  updated: number;
  errors: number;
  readonly errorsList: string[];
}

/** A bulk import: each row is saved, or is an error of its own. */
export function bulkImport(
  store: ThingsBoardStore,
  tenant: string,
  body: unknown,
): BulkImportResult {
  const request = requestSchema.safeParse(body);
  if (!request.success) {
    throw new Refusal(400, "Bad request");
  }
  const { file, mapping } = request.data;
  const rows: string[][] = parse(file, { delimiter: mapping.delimiter });
  const result: BulkImportResult = {
    created: 0,
    updated: 0,
    errors: 0,
    errorsList: [],
  };
  rows.slice(mapping.header ? 1 : 0).forEach((cells, index) => {
    const line = index + (mapping.header ? 2 : 1);
    const fields = new Map(
      mapping.columns.map(({ type }, column) => [type, cells[column] ?? ""]),
    );
    try {
      const { isNew } = saveRow(store, tenant, fields);
      result[isNew ? "created" : "updated"] += 1;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      result.errors += 1;
      result.errorsList.push(`Line ${line}: DataValidationException: ${why}`);
    }
  });
  // They are saved side by side, and fail in no order.
  result.errorsList.reverse();
  return result;
}

function saveRow(
  store: ThingsBoardStore,
  tenant: string,
  fields: ReadonlyMap<string, string>,
): { readonly isNew: boolean } {
  const name = fields.get("NAME") ?? "";
  if (name === "") {
    throw new Refusal(400, "Device name should be specified!");
  }
  const profile = profileOf(store, tenant, fields.get("TYPE") ?? "");
  return store.saveDevice(tenant, name, profile, fields.get("X509") ?? "");
}

function profileOf(
  store: ThingsBoardStore,
  tenant: string,
  type: string,
): StoredProfile {
  const name = type === "" ? "default" : type;
  return (
    store.profilesOf(tenant).find((profile) => profile.name === name) ??
    store.saveProfile(tenant, {
      name,
      type: "DEFAULT",
      transportType: "DEFAULT",
      provisionType: "DISABLED",
      description: "Default device profile",
      profileData: {
        configuration: { type: "DEFAULT" },
        transportConfiguration: { type: "DEFAULT" },
        provisionConfiguration: {
          type: "DISABLED",
          provisionDeviceSecret: null,
        },
      },
    })
  );
}
