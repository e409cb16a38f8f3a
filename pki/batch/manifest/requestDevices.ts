import type { Hash } from "node:crypto";
import type { Problem } from "../../problem";
import { InputError, quote } from "../../problem";
import { readRequest } from "../../request";
import type { Device } from "../device";
import type { NameTemplates } from "../nameTemplates";
import { refusal } from "./fileBytes";
import { KeySet } from "./keySet";
import type { ProblemList } from "./problemList";
import { isArchive, requestsOfArchive } from "./requestArchive";
import type { RequestFile } from "./requestFiles";
import { requestsOfFolder } from "./requestFiles";

const PEM = "-----BEGIN ";
const REQUEST = /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/g;

/** So many signatures are verified at once, on all cores. */
const AT_ONCE = 64;

/**
 * The devices of a folder or an archive of certificate requests, one a file,
 * PEM or DER: the common name is the device's id, and its key never leaves the
 * device. No two of them have one key.
 *
 * @param problems takes what is wrong with single requests
 * @throws InputError where there is no request, or the archive is damaged
 */
export async function* requestDevices(
  path: string,
  templates: NameTemplates,
  problems: ProblemList,
  hash: Hash,
): AsyncGenerator<Device[]> {
  problems.addAll(checkColumns(templates));
  const archive = isArchive(path);
  const reader = new RequestReader(archive, problems);
  const files = archive
    ? requestsOfArchive(path, hash)
    : requestsOfFolder(path, hash);
  let waiting: RequestFile[] = [];
  for await (const file of files) {
    waiting.push(file);
    if (waiting.length === AT_ONCE) {
      yield await reader.read(waiting);
      waiting = [];
    }
  }
  yield await reader.read(waiting);
}

class RequestReader {
  private readonly keys = new KeySet();
  /** The places of the keys; of an archive they are counted only. */
  private readonly sources: string[] = [];

  constructor(
    private readonly isArchive: boolean,
    private readonly problems: ProblemList,
  ) {}

  async read(files: readonly RequestFile[]): Promise<Device[]> {
    const found = await Promise.all(files.map(readDevice));
    return found.filter((device): device is Device => {
      if (device instanceof InputError) {
        this.problems.addAll(device.problems);
        return false;
      }
      return this.isNewKey(device);
    });
  }

  /** Two devices with one key could each pass for the other. */
  private isNewKey({ request, source }: Device): boolean {
    const first =
      request === undefined ? undefined : this.keys.add(request.publicKey);
    if (first !== undefined) {
      this.problems.add({
        path: source,
        message: `holds the key of ${this.sources[first] ?? `request ${(first + 1).toLocaleString("en-US")} of the archive`}; every device needs a key of its own.`,
      });
      return false;
    }
    if (!this.isArchive) {
      this.sources.push(source);
    }
    return true;
  }
}

async function readDevice({
  source,
  content,
}: RequestFile): Promise<Device | InputError> {
  try {
    if (typeof content === "string") {
      throw refusal(source, content);
    }
    const request = await readRequest(textOrDer(content, source), source);
    const { commonName, names } = request;
    if (commonName === undefined) {
      throw refusal(
        source,
        "names no device; make the request with the device's id as common name.",
      );
    }
    return {
      id: commonName,
      dnsNames: names.dnsNames ?? [],
      uris: names.uris ?? [],
      request,
      source,
    };
  } catch (error) {
    if (error instanceof InputError) {
      return error;
    }
    throw error;
  }
}

/** The text of a file in PEM, the bytes of one in DER. */
function textOrDer(bytes: Buffer, source: string): string | Buffer {
  const text = bytes.toString("latin1");
  if (!text.includes(PEM)) {
    return bytes;
  }
  const count = text.match(REQUEST)?.length ?? 0;
  if (count > 1) {
    throw refusal(
      source,
      `holds ${count} requests, of which one only would be read; write each into a file of its own.`,
    );
  }
  // Java's keytool and Windows write NEW (RFC 7468 §7).
  return text.replaceAll(" NEW CERTIFICATE REQUEST", " CERTIFICATE REQUEST");
}

function checkColumns({ uses }: NameTemplates): Problem[] {
  return uses
    .filter(({ placeholder }) => placeholder !== "id")
    .map(({ placeholder, path, template }) => ({
      path,
      message: `${quote(template)} needs ${quote(placeholder)}, which no request gives; use {id} only.`,
    }));
}
