import { readFileSync, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";

/** Something by which a private key gives itself away, whosever it is. */
interface Trace {
  readonly what: string;
  readonly octets: Buffer;
}

/** How private keys begin in DER, after the lengths, which differ. */
const DER: readonly (readonly [string, string])[] = [
  [
    "PKCS#8 of P-256",
    "301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
  ],
  ["PKCS#8 of P-384", "301006072a8648ce3d020106052b8104002204819e"],
  ["PKCS#8 of P-521", "301006072a8648ce3d020106052b810400230481d6"],
  ["SEC1 of P-256", "30770201010420"],
  ["PKCS#8 of RSA", "020100300d06092a864886f70d010101050004"],
  ["PKCS#8 of Ed25519", "302e020100300506032b657004220420"],
  // Encrypted under a password, yet no seal.
  ["key bag of PKCS#12", "060b2a864886f70d010c0a0102"],
];

const TRACES: readonly Trace[] = [
  ...["PRIVATE KEY-----", "AGE-SECRET-KEY-"].flatMap((text) => [
    { what: text, octets: Buffer.from(text) },
    ...encoded(text, Buffer.from(text)),
  ]),
  ...DER.flatMap(([what, hex]) => {
    const octets = Buffer.from(hex, "hex");
    return [
      { what, octets },
      { what: `${what} in hex`, octets: Buffer.from(hex) },
      ...encoded(what, octets),
    ];
  }),
];

/** In base64, at each of its three alignments, without what the neighbours mix into. */
function encoded(what: string, octets: Buffer): Trace[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), octets])
      .toString("base64")
      .replace(/=+$/, "");
    const mixed = (shift + octets.length) % 3 === 0 ? 0 : 1;
    return {
      what: `${what} in base64`,
      octets: Buffer.from(text.slice([0, 2, 3][shift], text.length - mixed)),
    };
  });
}

/** By which forms a private key can be read from these octets, also where they are compressed; none where it cannot. */
export function plainKeysIn(octets: Buffer): string[] {
  const texts = [octets, ...decompressed(octets)];
  return TRACES.filter((trace) =>
    texts.some((text) => text.includes(trace.octets)),
  ).map(({ what }) => what);
}

/** As much as there is of it: a file may be looked at while it is written. */
function decompressed(octets: Buffer): Buffer[] {
  try {
    switch (octets.length < 4 ? 0 : octets.readUInt32BE(0) >>> 8) {
      case 0x1f8b08:
        return [gunzipSync(octets, { finishFlush: constants.Z_SYNC_FLUSH })];
      case 0x28b52f:
        return [
          zstdDecompressSync(octets, {
            finishFlush: constants.ZSTD_e_flush,
          }),
        ];
      default:
        return [];
    }
  } catch {
    // Too little of it yet.
    return [];
  }
}

/** Looks through folders again and again, at each state of each file once. */
export class Scan {
  /** `path: what`, each once. */
  readonly found = new Set<string>();
  /** Every file that was ever seen. */
  readonly files = new Set<string>();
  private readonly seen = new Map<string, string>();

  constructor(private readonly folders: readonly string[]) {}

  round(): void {
    for (const folder of this.folders) {
      this.look(folder);
    }
  }

  /** @param path a folder or a file; one that is gone is passed over */
  look(path: string): void {
    try {
      const entry = statSync(path, { bigint: true });
      if (entry.isDirectory()) {
        for (const name of readdirSync(path)) {
          this.look(join(path, name));
        }
        return;
      }
      const state = `${entry.ino} ${entry.size} ${entry.mtimeNs}`;
      if (!entry.isFile() || this.seen.get(path) === state) {
        return;
      }
      const octets = readFileSync(path);
      this.seen.set(path, state);
      this.files.add(path);
      for (const what of plainKeysIn(octets)) {
        this.found.add(`${path}: ${what}`);
      }
    } catch (error) {
      if (!isGone(error)) {
        throw error;
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    ["ENOENT", "ENOTDIR"].includes(String(error.code))
  );
}

/** In a thread: looks as often as it can, and at once at what the system says has changed. */
function run(folders: readonly string[]): void {
  const scan = new Scan(folders);
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      if (name !== null) {
        scan.look(join(folder, name));
      }
    }),
  );
  let stopped = false;
  let rounds = 0;
  let asked = 0;
  const next = (): void => {
    const answers = asked;
    asked = 0;
    scan.round();
    rounds += 1;
    for (let answer = 0; answer < answers; answer += 1) {
      parentPort?.postMessage("looked");
    }
    if (stopped) {
      watchers.forEach((watcher) => {
        watcher.close();
      });
      parentPort?.postMessage({
        found: [...scan.found].sort(),
        files: [...scan.files].sort(),
        rounds,
      });
      parentPort?.close();
    } else {
      setImmediate(next);
    }
  };
  parentPort?.on("message", (message) => {
    if (message === "stop") {
      stopped = true;
    } else {
      asked += 1;
    }
  });
  next();
  parentPort?.postMessage("looking");
}

if (Array.isArray(workerData)) {
  run(workerData as string[]);
}
