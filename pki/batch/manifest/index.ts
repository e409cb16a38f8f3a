import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import { InputError, quote } from "../../problem";
import type { Device } from "../device";
import { checkDevice } from "../device";
import { NO_TEMPLATES } from "../nameTemplates";
import type { NameTemplates } from "../nameTemplates";
import { CsvDevices } from "./csvDevices";
import { canonicalJson } from "./canonicalJson";
import { readBytes, readText, readToEnd, refusal } from "./fileBytes";
import { JsonDevices } from "./jsonDevices";
import { listedDevices } from "./listedDevices";
import { ProblemList } from "./problemList";
import { rangeDevices } from "./rangeDevices";
import { isArchive } from "./requestArchive";
import { requestDevices } from "./requestDevices";
import { requestsOfFolder } from "./requestFiles";
import type { DeviceSource } from "./source";

export { ProblemList } from "./problemList";
export type { DeviceRange, DeviceSource, ListedDevice } from "./source";

const CHUNK = 1_000;
const CSV = /\.csv$/i;
const NDJSON = /\.(ndjson|jsonl)$/i;

/** How {@link readDeviceList} reads. */
export interface DeviceListOptions {
  /** The templates of the batch's names: what free columns there may be, and what they must give. Default: none. */
  readonly templates?: NameTemplates;
  /**
   * Takes what is wrong with single devices, so that a caller's own findings
   * stand beside it and are thrown together. Default: the stream itself throws
   * an InputError at its end.
   */
  readonly problems?: ProblemList;
  /** Check each device by `checkDevice` as well. Default true. */
  readonly check?: boolean;
}

/** A list of devices that can be read once; whether two of them have one id is asked apart. */
export interface DeviceStream extends AsyncIterable<readonly Device[]> {
  /** As {@link digestOfSource}, of what was read; known when all of it was. */
  digest(): string;
}

/**
 * Reads a list of devices in chunks of up to 1,000, in its order. Memory does
 * not grow with the list. Devices with problems stand in no chunk, and the rest
 * of the list is read nonetheless: nothing may be issued before its end was
 * reached without one.
 *
 * Two requests with one key are found; two devices with one id are not, see
 * `UniqueIds` and the inventory.
 *
 * @throws InputError while it is read: what keeps the list from being read at
 * once, problems of single devices at the end, see {@link DeviceListOptions.problems}
 * @example
 * ```ts
 * const list = readDeviceList({ manifest: "devices/fleet.csv" });
 * for await (const devices of list) {
 *   count += devices.length;
 * }
 * list.digest();
 * ```
 */
export function readDeviceList(
  source: DeviceSource,
  options: DeviceListOptions = {},
): DeviceStream {
  const hash = createHash("sha256");
  let digest: string | undefined;
  const chunks = readChunks(source, options, hash, () => {
    digest = hash.digest("hex");
  });
  return {
    [Symbol.asyncIterator]: () => chunks,
    digest: () => {
      if (digest === undefined) {
        throw new Error("the digest is known when the whole list was read");
      }
      return digest;
    },
  };
}

async function* readChunks(
  source: DeviceSource,
  options: DeviceListOptions,
  hash: Hash,
  ended: () => void,
): AsyncGenerator<readonly Device[]> {
  const { templates = NO_TEMPLATES, check = true } = options;
  const problems = options.problems ?? new ProblemList();
  const isGood = (device: Device): boolean => {
    const own = check ? checkDevice(device) : [];
    const shared = templates.check(device);
    problems.addAll(own);
    problems.addAll(shared);
    return own.length + shared.length === 0;
  };
  try {
    for await (const devices of batches(source, templates, problems, hash)) {
      const good = check || !templates.plain ? devices.filter(isGood) : devices;
      for (let start = 0; start < good.length; start += CHUNK) {
        yield good.length <= CHUNK ? good : good.slice(start, start + CHUNK);
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    // What was found before the reading had to end is told as well.
    throw new InputError([...problems.shown(), ...error.problems]);
  }
  ended();
  if (options.problems === undefined) {
    problems.refuse();
  }
}

/** The devices in batches of any size, as they come. */
function batches(
  source: DeviceSource,
  templates: NameTemplates,
  problems: ProblemList,
  hash: Hash,
): AsyncIterable<Device[]> | Iterable<Device[]> {
  if ("requests" in source) {
    return requestDevices(source.requests, templates, problems, hash);
  }
  if ("manifest" in source) {
    return manifestDevices(source.manifest, templates, problems, hash);
  }
  hash.update(canonicalJson(source));
  return "range" in source
    ? rangeDevices(source.range, templates)
    : [listedDevices(source.devices, templates, problems)];
}

async function* manifestDevices(
  path: string,
  templates: NameTemplates,
  problems: ProblemList,
  hash: Hash,
): AsyncGenerator<Device[]> {
  const reader = readerFor(path, templates, problems);
  for await (const block of readText(path, "manifest", hash)) {
    yield reader.read(block);
  }
  yield reader.finish();
}

function readerFor(
  path: string,
  templates: NameTemplates,
  problems: ProblemList,
): CsvDevices | JsonDevices {
  if (CSV.test(path)) {
    return new CsvDevices(path, templates, problems);
  }
  if (NDJSON.test(path)) {
    return new JsonDevices(path, templates, problems);
  }
  throw refusal(
    "manifest",
    `${quote(path)} is no CSV file, and no NDJSON file either; name one that ends with ".csv", ".ndjson" or ".jsonl".`,
  );
}

/**
 * SHA-256 of a list of devices, lowercase hex: over the bytes of a manifest or
 * an archive, over names and contents of a folder of requests, over the JSON of
 * what stands in the program.
 *
 * @throws InputError where it cannot be read
 */
export async function digestOfSource(source: DeviceSource): Promise<string> {
  const hash = createHash("sha256");
  if ("manifest" in source) {
    await readToEnd(readBytes(source.manifest, "manifest", hash));
  } else if ("requests" in source) {
    const { requests: path } = source;
    await readToEnd(
      isArchive(path)
        ? readBytes(path, "requests", hash)
        : requestsOfFolder(path, hash),
    );
  } else {
    hash.update(canonicalJson(source));
  }
  return hash.digest("hex");
}

/**
 * The devices of a short CSV manifest that is in memory already.
 *
 * @param path for messages: `devices/demo.csv`
 * @throws InputError with every malformed row, by its line
 * @example
 * ```ts
 * parseManifest("id,validityDays\nthermometer-1,90\n", "devices/demo.csv");
 * ```
 */
export function parseManifest(
  text: string,
  path: string,
  templates = NO_TEMPLATES,
): Device[] {
  const problems = new ProblemList();
  const reader = new CsvDevices(path, templates, problems);
  const bytes = Buffer.from(text.replace(/^\uFEFF/, ""));
  const devices = [...reader.read(bytes), ...reader.finish()];
  problems.refuse();
  return devices;
}
