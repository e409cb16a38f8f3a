import type { ThingsBoard } from "./thingsBoard";
import { bulkImport } from "./thingsBoardBulkImport";
import type { StoredDevice } from "./thingsBoardStore";
import { Refusal } from "./thingsBoardStore";
import { latestTelemetry } from "./thingsBoardTelemetry";

/** Whose request it is. */
export interface Caller {
  readonly tenant: string;
  /** `TENANT_ADMIN`, or another that may do nothing of this. */
  readonly authority: string;
}

/** A request, read. */
export interface Sent {
  /** `POST /api/deviceProfile` */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/**
 * The REST API, as far as devices and their profiles go.
 *
 * @throws Refusal
 */
export function answer(
  platform: ThingsBoard,
  { tenant, authority }: Caller,
  { route, query, body }: Sent,
): unknown {
  if (authority !== "TENANT_ADMIN") {
    throw new Refusal(
      403,
      "You don't have permission to perform this operation!",
      20,
    );
  }
  const { store } = platform;
  const search = (query.get("textSearch") ?? "").toLowerCase();
  const found = (name: string): boolean => name.toLowerCase().includes(search);
  const [id = ""] = /(?<=\/)[0-9a-f-]{36}(?=\/|$)/.exec(route) ?? [];
  switch (route.replace(id === "" ? /$^/ : id, "{id}")) {
    case "GET /api/deviceProfileInfos":
    case "GET /api/deviceProfiles":
      return page(
        store.profilesOf(tenant).filter(({ name }) => found(name)),
        query,
      );
    case "GET /api/deviceProfile/{id}":
      return present(store.profile(tenant, id));
    case "POST /api/deviceProfile":
      return store.saveProfile(tenant, body);
    case "DELETE /api/deviceProfile/{id}":
      store.deleteProfile(tenant, id);
      return undefined;
    case "GET /api/tenant/devices": {
      const name = query.get("deviceName");
      if (name !== null) {
        return shown(present(store.deviceByName(tenant, name)));
      }
      const type = query.get("type") ?? "";
      return page(
        store
          .devicesOf(tenant)
          .filter((device) => found(device.name))
          .filter((device) => type === "" || device.type === type)
          .map(shown),
        query,
      );
    }
    case "GET /api/device/{id}/credentials": {
      const device = present(store.device(tenant, id));
      const { credentialsType, credentialsId, credentialsValue } = device;
      return { credentialsType, credentialsId, credentialsValue };
    }
    case "DELETE /api/device/{id}":
      if (!store.deleteDevice(tenant, id)) {
        throw new Refusal(404, "Requested item wasn't found!", 32);
      }
      return undefined;
    case "POST /api/device/bulk_import":
      return bulkImport(store, tenant, body);
    case "GET /api/plugins/telemetry/DEVICE/{id}/values/timeseries":
      return latestTelemetry(
        present(store.device(tenant, id)),
        (query.get("keys") ?? "").split(","),
      );
    default:
      throw new Refusal(404, "Not Found", 32);
  }
}

function present<T>(item: T | undefined): T {
  if (item === undefined) {
    throw new Refusal(404, "Requested item wasn't found!", 32);
  }
  return item;
}

function shown({ id, name, type, profileId }: StoredDevice): object {
  return {
    id: { entityType: "DEVICE", id },
    name,
    type,
    deviceProfileId: { entityType: "DEVICE_PROFILE", id: profileId },
    deviceProfileName: type,
  };
}

function page(all: readonly object[], query: URLSearchParams): object {
  const size = Number(query.get("pageSize"));
  const number = Number(query.get("page"));
  if (!(size > 0) || !(number >= 0)) {
    throw new Refusal(400, "Incorrect page link");
  }
  return {
    data: all.slice(number * size, (number + 1) * size),
    totalPages: Math.ceil(all.length / size),
    totalElements: all.length,
    hasNext: (number + 1) * size < all.length,
  };
}
