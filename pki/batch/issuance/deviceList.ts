import type { Problem } from "../../problem";
import type { Device } from "../device";
import { ProblemList, readDeviceList } from "../manifest";
import type { DeviceSource } from "../manifest";
import { compileTemplates } from "../nameTemplates";
import type { DeviceProfile } from "../plan";
import type { Shard } from "../shard";
import { shardOf } from "../shard";
import { DeviceListing } from "./listing";

/** The devices that a run issues, as they were read from their list. */
export interface ListedDevices {
  readonly listing: DeviceListing;
  /** Devices of the whole list, those of other shards included. */
  readonly listed: number;
  /** See `digestOfSource`. */
  readonly sha256: string;
}

/** How a list is read. */
export interface ListOptions {
  /** Which part of it is issued here. Default: all of it. */
  readonly shard?: Shard | undefined;
  /** Looks at each device of the whole list beside its own form; nothing where all is well. */
  readonly check?: ((device: Device) => readonly Problem[]) | undefined;
  /** Told after each thousand or so, with how many they are. */
  readonly read?: ((devices: number) => void | Promise<void>) | undefined;
}

/**
 * Reads the list of a large batch to its end, before anything is issued. Each
 * shard reads and checks the whole list, so that a mistake in any row stops all
 * of them.
 *
 * @throws InputError with all that is wrong
 */
export async function listDevices(
  source: DeviceSource,
  profile: DeviceProfile,
  { shard, check, read }: ListOptions = {},
): Promise<ListedDevices> {
  const problems = new ProblemList();
  const list = readDeviceList(source, {
    templates: compileTemplates(profile),
    problems,
  });
  const listing = new DeviceListing(profile);
  // Devices of other shards stand there for one question only: whether two of them have one id.
  const others = new DeviceListing(profile);
  try {
    for await (const devices of list) {
      if (check !== undefined) {
        for (const device of devices) {
          problems.addAll(check(device));
        }
      }
      const [own, other] = split(devices, shard);
      listing.add(own);
      others.add(other);
      await read?.(devices.length);
    }
    listing.finish(problems);
    others.finish(problems);
    problems.refuse();
    return {
      listing,
      listed: listing.count + others.count,
      sha256: list.digest(),
    };
  } catch (error) {
    listing.remove();
    throw error;
  } finally {
    others.remove();
  }
}

function split(
  devices: readonly Device[],
  shard: Shard | undefined,
): readonly [readonly Device[], readonly Device[]] {
  if (shard === undefined || shard.of === 1) {
    return [devices, []];
  }
  const own: Device[] = [];
  const others: Device[] = [];
  for (const device of devices) {
    (shardOf(device.id, shard.of) === shard.index ? own : others).push(device);
  }
  return [own, others];
}
