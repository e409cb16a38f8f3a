import {
  appendFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const GONE = "-";
const FILE = /^thingsboard-(.+)\.imported$/;
const LINE = /^([^\t]+)\t([0-9a-f]{64}|-)$/;

/**
 * Which certificate of a batch's devices ThingsBoard has been given: a file
 * beside the inventory, a line a device. Lines are appended when a request has
 * been answered, so that a run that is killed goes on behind its last answer.
 * Where the file is lost, all devices are sent once more, which changes
 * nothing for them.
 */
export class ImportRecord {
  private readonly known = new Map<string, string>();
  private lines = 0;

  /**
   * @param directory of the batch
   * @param name of the resource that imports
   * @param profileId of what the record is about; one of another profile counts for nothing
   */
  constructor(
    private readonly directory: string,
    name: string,
    private readonly profileId: string,
  ) {
    this.path = recordPath(directory, name);
    const [head, ...lines] = existsSync(this.path)
      ? readFileSync(this.path, "utf8").split("\n")
      : [];
    if (head !== this.head) {
      return;
    }
    // What follows the last line break is what a kill has left of a line.
    for (const line of lines.slice(0, -1)) {
      const [, device = "", credentialsId = ""] = LINE.exec(line) ?? [];
      this.lines += 1;
      if (credentialsId === GONE) {
        this.known.delete(device);
      } else if (device !== "") {
        this.known.set(device, credentialsId);
      }
    }
  }

  readonly path: string;

  /** What is recorded for a device; `undefined` where nothing is. */
  credentialsOf(device: string): string | undefined {
    return this.known.get(device);
  }

  /** Of the devices that are recorded. */
  names(): IterableIterator<string> {
    return this.known.keys();
  }

  get size(): number {
    return this.known.size;
  }

  /** Begins a run: the file is there, and holds nothing but what counts. */
  begin(): void {
    const isShort = this.lines <= 2 * this.known.size + 1000;
    if (isShort && existsSync(this.path) && this.endsWhole()) {
      return;
    }
    this.rewrite();
  }

  /** Devices that ThingsBoard has with these credentials from now on. */
  add(devices: readonly { name: string; credentialsId: string }[]): void {
    this.append(
      devices.map(({ name, credentialsId }) => [name, credentialsId]),
    );
    for (const { name, credentialsId } of devices) {
      this.known.set(name, credentialsId);
    }
  }

  /** Devices that ThingsBoard has no more, or not as they were recorded. */
  remove(names: readonly string[]): void {
    this.append(names.map((name) => [name, GONE]));
    for (const name of names) {
      this.known.delete(name);
    }
  }

  private get head(): string {
    return `# What ThingsBoard was given of this batch, for device profile ${this.profileId}`;
  }

  private endsWhole(): boolean {
    const text = readFileSync(this.path, "utf8");
    return text.startsWith(`${this.head}\n`) && text.endsWith("\n");
  }

  private append(lines: readonly (readonly [string, string])[]): void {
    if (lines.length > 0) {
      const text = lines.map((line) => `${line.join("\t")}\n`).join("");
      appendFileSync(this.path, text, { flush: true });
      this.lines += lines.length;
    }
  }

  private rewrite(): void {
    const lines = [...this.known].map((line) => line.join("\t"));
    const temporary = `${this.path}.partial`;
    writeFileSync(temporary, `${[this.head, ...lines].join("\n")}\n`, {
      mode: 0o600,
      flush: true,
    });
    renameSync(temporary, this.path);
    this.lines = lines.length;
  }
}

/** Devices that other resources have imported of the same batch into the same profile. */
export function importedByOthers(
  directory: string,
  name: string,
  profileId: string,
): Set<string> {
  const own = recordPath(directory, name);
  const others = (existsSync(directory) ? readdirSync(directory) : [])
    .flatMap((file) => FILE.exec(file)?.[1] ?? [])
    .filter((other) => recordPath(directory, other) !== own)
    .map((other) => new ImportRecord(directory, other, profileId));
  return new Set(others.flatMap((record) => [...record.names()]));
}

/** Where the record of a resource stands. */
export function recordPath(directory: string, name: string): string {
  return join(
    directory,
    `thingsboard-${name.replace(/[^A-Za-z0-9._-]/g, "_")}.imported`,
  );
}

/** Removes it, with what a kill left of it. */
export function removeRecord(directory: string, name: string): void {
  const path = recordPath(directory, name);
  rmSync(path, { force: true });
  rmSync(`${path}.partial`, { force: true });
}
