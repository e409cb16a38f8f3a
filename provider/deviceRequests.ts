import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "../pki/batch/device";
import type { Problem } from "../pki/problem";
import { InputError, quote } from "../pki/problem";
import { readRequest } from "../pki/request";

const SUFFIX = /^[^.].*\.(csr|req|pem|p10|der)$/i;
const PEM = "-----BEGIN ";
const REQUEST = /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/g;
const MAXIMUM_BYTES = 256 * 1024;

/** Devices as they are listed somewhere, and what is wrong with the others. */
export interface DeviceList {
  readonly devices: readonly Device[];
  readonly problems: readonly Problem[];
}

/**
 * The devices of a folder of certificate requests, one a file, PEM or DER: the
 * common name is the device's id, and its key never leaves the device. In the
 * order of the file names. Hidden files, as some systems put beside each
 * file, are not looked at.
 */
export async function readRequests(folder: string): Promise<DeviceList> {
  const problems: Problem[] = [];
  const devices: Device[] = [];
  try {
    for (const name of listRequests(folder)) {
      const read = await readDevice(join(folder, name));
      if ("id" in read) {
        devices.push(read);
      } else {
        problems.push(...read.problems);
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    problems.push(...error.problems);
  }
  return { devices, problems: [...problems, ...sharedKeys(devices)] };
}

function listRequests(folder: string): string[] {
  const names = readFolder(folder).filter((name) => SUFFIX.test(name));
  if (names.length === 0) {
    throw refusal(
      "requests",
      `${quote(folder)} holds no request; put files that end with .csr, .req, .pem, .p10 or .der there.`,
    );
  }
  return names.sort();
}

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = codeOf(error);
    throw refusal(
      "requests",
      code === "ENOENT"
        ? `${quote(folder)} is not there; name a folder relative to the folder of Pulumi.yaml.`
        : `${quote(folder)} cannot be read (${code}); name a folder of certificate requests.`,
    );
  }
}

async function readDevice(
  source: string,
): Promise<Device | Pick<InputError, "problems">> {
  try {
    const request = await readRequest(readSource(source), source);
    const { commonName } = request;
    if (commonName === undefined) {
      throw refusal(
        source,
        "names no device; make the request with the device's id as common name.",
      );
    }
    return {
      id: commonName,
      dnsNames: request.names.dnsNames ?? [],
      uris: request.names.uris ?? [],
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
function readSource(source: string): string | Buffer {
  const bytes = readBytes(source);
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

function readBytes(source: string): Buffer {
  try {
    const found = statSync(source);
    if (!found.isFile()) {
      throw refusal(
        source,
        "is no file; put nothing but requests into this folder.",
      );
    }
    if (found.size > MAXIMUM_BYTES) {
      throw refusal(
        source,
        `has ${found.size} bytes, which no request has; put nothing but requests into this folder.`,
      );
    }
    return readFileSync(source);
  } catch (error) {
    if (error instanceof InputError) {
      throw error;
    }
    throw refusal(
      source,
      `cannot be read (${codeOf(error)}); let this user read it.`,
    );
  }
}

/** Two devices with one key could each pass for the other. */
function sharedKeys(devices: readonly Device[]): Problem[] {
  const seen = new Map<string, string>();
  return devices.flatMap(({ request, source }) => {
    const key = request?.publicKey.toString("base64") ?? "";
    const first = seen.get(key);
    seen.set(key, first ?? source);
    return first === undefined
      ? []
      : [
          {
            path: source,
            message: `holds the key of ${first}; every device needs a key of its own.`,
          },
        ];
  });
}

function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message }]);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
