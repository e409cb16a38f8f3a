import type { StoredDevice } from "./thingsBoardStore";

interface Point {
  readonly ts: number;
  readonly values: Readonly<Record<string, unknown>>;
}

const points = new WeakMap<StoredDevice, Point[]>();

/** Keeps what a device published to `v1/devices/me/telemetry`. */
export function keepTelemetry(device: StoredDevice, payload: string): void {
  const parsed: unknown = JSON.parse(payload);
  const kept = points.get(device) ?? [];
  for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
    const record = one as Record<string, unknown>;
    kept.push(
      typeof record.ts === "number" && typeof record.values === "object"
        ? (record as unknown as Point)
        : { ts: Date.now(), values: record },
    );
  }
  points.set(device, kept);
}

/** The last value of each key, as the REST API tells it. */
export function latestTelemetry(
  device: StoredDevice,
  keys: readonly string[],
): Record<string, { ts: number; value: string }[]> {
  const kept = points.get(device) ?? [];
  return Object.fromEntries(
    keys.flatMap((key) => {
      const last = kept.findLast(({ values }) => key in values);
      return last === undefined
        ? []
        : [[key, [{ ts: last.ts, value: String(last.values[key]) }]]];
    }),
  );
}
