import type { Device } from "../device";

/** A device as the program lists it; see {@link Device} for the members. */
export type ListedDevice = Omit<Device, "request" | "source">;

/** Devices whose ids differ by a number. */
export interface DeviceRange {
  /** Template of the ids: `thermometer-{number}`. */
  readonly id: string;
  /** The first number, 0 at least. */
  readonly from: number;
  /** The last number; included. */
  readonly to: number;
  /** Write numbers with this many digits, zeros in front. Default: as they are. */
  readonly digits?: number;
}

/**
 * Where a list of devices comes from: one of the four.
 *
 * @example
 * ```ts
 * const source: DeviceSource = { manifest: "devices/fleet.csv" };
 * ```
 */
export type DeviceSource =
  | { readonly devices: readonly ListedDevice[] }
  /** Path of a file: `.csv`, or NDJSON as `.ndjson` or `.jsonl`. */
  | { readonly manifest: string }
  /** Path of a folder of certificate requests, or of an archive of them: `.tar`, `.tar.gz` or `.tgz`. */
  | { readonly requests: string }
  | { readonly range: DeviceRange };
