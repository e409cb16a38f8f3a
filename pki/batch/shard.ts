import { hash } from "node:crypto";
import type { Device } from "./device";

/** One part of a batch that several machines share. */
export interface Shard {
  /** Which part, from 0. */
  readonly index: number;
  /** How many parts there are. */
  readonly of: number;
}

/** Which part a device is in: always the same one while there are as many. */
export function shardOf(id: string, of: number): number {
  return Number.parseInt(hash("sha256", id).slice(0, 8), 16) % of;
}

/** The devices of this part; all of them without one. */
export function inShard(
  devices: readonly Device[],
  shard: Shard | undefined,
): readonly Device[] {
  return shard === undefined || shard.of === 1
    ? devices
    : devices.filter(({ id }) => shardOf(id, shard.of) === shard.index);
}
