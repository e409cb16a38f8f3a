import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../cli/options";
import { exportPkcs8, readPrivateKey } from "../pki/key";
import type { Hierarchy } from "../test/provider/support/inputs";
import { hierarchy } from "../test/provider/support/inputs";
import type { Properties } from "../test/provider/support/wire";
import type { Run } from "./batch/fleet";
import { BenchFleet } from "./batch/fleet";
import type { LimitTask, NodeLimit } from "./batch/limit";
import { nodeLimit, opensslLimit } from "./batch/limit";
import { describeMachine } from "./batch/machine";
import { measurePeers } from "./batch/peers";
import {
  count,
  megabytes,
  median,
  ratio,
  seconds,
  tableText,
} from "./batch/table";
import { verifyOutput } from "./batch/verification";

/** How much is measured. */
interface Extent {
  /** Devices of a fleet that is issued again and again, in every way there is. */
  readonly small: number;
  /** Sizes that are issued once each. */
  readonly large: readonly number[];
  /** Of the small fleet, each between two measurements of the limit. */
  readonly rounds: number;
  /** Of one measurement of a limit or a peer. */
  readonly seconds: number;
  /** Rows that are added to the largest fleet before its preview. */
  readonly added: number;
}

const FULL: Extent = {
  small: 200_000,
  large: [1_000_000],
  rounds: 3,
  seconds: 3,
  added: 5_000,
};
const QUICK: Extent = {
  small: 5_000,
  large: [5_000],
  rounds: 1,
  seconds: 0.2,
  added: 100,
};

/** Octets on disk a device, at most: uncompressed bundles, inventory, list, and a rest. */
const DISK = 1_000;

/**
 * Prints how fast large batches are issued, beside what this machine can do.
 *
 * @param sizes devices of the fleets, the first of them the one that is issued in every way. Default 200,000 and 1,000,000.
 * @param quick whether small fleets and short measurements will do: figures to look at, not to compare
 * @throws UsageError where the temporary folder has too little room
 */
export async function benchBatch(
  sizes: readonly number[],
  quick: boolean,
): Promise<void> {
  const base = quick ? QUICK : FULL;
  const [small = base.small, ...large] = sizes;
  await new BatchBench({
    ...base,
    small,
    large: sizes.length === 0 ? base.large : large,
  }).run();
}

/** One row of the table. */
interface Row {
  readonly name: string;
  readonly devices: number;
  readonly run: Run;
  /** Of the machine at the same time. */
  readonly limit: NodeLimit;
  readonly bytes: { readonly bundles: number; readonly inventory: number };
}

class BatchBench {
  private readonly folder = mkdtempSync(join(tmpdir(), "mqtt-pki-bench-"));
  private readonly rows: Row[] = [];
  private fleets = 0;

  constructor(private readonly extent: Extent) {}

  async run(): Promise<void> {
    try {
      this.refuseLittleRoom();
      const machine = describeMachine();
      const above = await hierarchy();
      const limits = await this.limits(above);
      await this.smallFleet(above);
      const large = await this.largeFleets(above);
      note("peers");
      const peers = await measurePeers(
        join(this.folder, "peers"),
        this.extent.seconds,
        above.ca,
      );
      print("This machine", machine);
      print("Its limit, keys on P-256 with a signature each", limits);
      print("Ours: certificate and key as PEM in bundles, with inventory", [
        this.table(),
        "",
        ...this.medians(),
      ]);
      print("State, updates without a change, previews", large.state);
      print("The output, verified", large.verified);
      print(
        "Others, certificate and key as PEM",
        tableText(
          ["", "cores", "certificates/s"],
          peers.map(({ name, rate, cores }) => [
            name,
            rate === undefined ? "" : String(cores),
            rate === undefined ? "not installed" : count(rate),
          ]),
        ).split("\n"),
      );
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private refuseLittleRoom(): void {
    const { small, large } = this.extent;
    const needed = Math.max(small * 3, ...large) * DISK;
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail * bsize < needed) {
      throw new UsageError(
        `${tmpdir()} has ${megabytes(bavail * bsize)} left, and this needs ${megabytes(needed)}; make room, set TMPDIR to another folder, or measure fewer devices.`,
      );
    }
  }

  private limit(
    { ca }: Hierarchy,
    task: LimitTask = "pairs",
    threads?: number,
  ): Promise<NodeLimit> {
    const key = readPrivateKey(exportPkcs8(ca.key), "key");
    return nodeLimit({ key, task, seconds: this.extent.seconds }, threads);
  }

  private async limits(above: Hierarchy): Promise<string[]> {
    note("limits");
    const cores = availableParallelism();
    const lines: string[][] = [];
    for (const threads of [1, cores]) {
      const duration = Math.max(1, Math.round(this.extent.seconds));
      const openssl = opensslLimit(duration, threads);
      lines.push([
        `OpenSSL (openssl speed), ${threads} of ${cores} cores`,
        openssl === undefined
          ? "not installed"
          : `at least ${count(openssl.signatures / 2)}`,
        openssl === undefined ? "" : count(openssl.signatures),
      ]);
    }
    for (const threads of [1, cores]) {
      lines.push([
        `Node, the tightest loop, ${threads} of ${cores} cores`,
        count((await this.limit(above, "pairs", threads)).rate),
        count((await this.limit(above, "signatures", threads)).rate),
      ]);
    }
    return tableText(["", "pairs/s", "signatures/s"], lines).split("\n");
  }

  /** The small fleet in every way there is. */
  private async smallFleet(above: Hierarchy): Promise<void> {
    const { small, rounds } = this.extent;
    for (let round = 0; round < rounds; round += 1) {
      const fleet = await this.measure(above, "zstd", small, {});
      if (round === rounds - 1) {
        await this.measureRenewal(above, fleet, small);
      }
      this.remove(fleet);
    }
    const { generateX25519Identity, identityToRecipient } =
      await import("age-encryption");
    const recipient = await identityToRecipient(await generateX25519Identity());
    for (const [name, overrides] of [
      ["compression none", { bundles: { compression: "none" } }],
      ["sealed, zstd", { seal: { recipients: [recipient] } }],
    ] as const) {
      this.remove(await this.measure(above, name, small, overrides));
    }
  }

  private async measure(
    above: Hierarchy,
    name: string,
    devices: number,
    overrides: Properties,
  ): Promise<BenchFleet> {
    note(`${count(devices)} devices, ${name}`);
    const fleet = this.fleet(above, devices, overrides);
    const before = await this.limit(above);
    const run = await fleet.create();
    const limit = mean(before, await this.limit(above));
    this.rows.push({ name, devices, run, limit, bytes: fleet.bytes() });
    return fleet;
  }

  private async measureRenewal(
    above: Hierarchy,
    fleet: BenchFleet,
    devices: number,
  ): Promise<void> {
    note(`${count(devices)} devices, renewed`);
    const before = await this.limit(above, "signatures");
    // Of 365 days, the last third and a twentieth: all of them are due.
    const run = await fleet.update(new Date(Date.now() + 300 * 86_400_000));
    const limit = mean(before, await this.limit(above, "signatures"));
    const name = "renewed, keys kept (limit: signatures)";
    this.rows.push({ name, devices, run, limit, bytes: fleet.bytes() });
  }

  private async largeFleets(
    above: Hierarchy,
  ): Promise<{ state: string[]; verified: string[] }> {
    const { small, large, added } = this.extent;
    const sizes = large.length === 0 ? [small] : large;
    const state: string[] = [];
    const verified: string[] = [];
    const ten = this.fleet(above, 10, {});
    await ten.create();
    const one = this.fleet(above, 1, {});
    await one.create();
    const empty = await one.preview();
    state.push(`no-op of 1 device: ${seconds(empty.seconds)}, ${empty.said}`);
    for (const size of sizes) {
      const fleet = await this.measure(above, "zstd", size, {});
      const name = count(size);
      const [bytes, bytesOfTen] = [fleet.stateBytes(), ten.stateBytes()];
      state.push(
        `state of ${name} devices: ${count(bytes)} bytes, ${count(bytes - bytesOfTen)} more than of 10 (${count(bytesOfTen)})`,
      );
      note(`${name} devices, no-op and preview`);
      const noop = await fleet.preview();
      state.push(
        `no-op of ${name} devices: ${seconds(noop.seconds)}, ${noop.said}; ${seconds(noop.seconds - empty.seconds)} more than of 1`,
      );
      note(`${name} devices, verified`);
      verified.push(
        ...(await verifyOutput(
          fleet.output,
          above.authority.certificatePem,
          join(this.folder, "samples"),
        )),
      );
      fleet.list(size + added);
      const preview = await fleet.preview();
      state.push(
        `preview of ${count(added)} added rows: ${seconds(preview.seconds)}, ${preview.said}`,
      );
      this.remove(fleet);
    }
    return { state, verified };
  }

  /** In a folder of its own, with a name as long as every other one. */
  private fleet(
    above: Hierarchy,
    devices: number,
    overrides: Properties,
  ): BenchFleet {
    this.fleets += 1;
    const name = `fleet-${String(this.fleets).padStart(3, "0")}`;
    return new BenchFleet(
      join(this.folder, name),
      "fleet",
      devices,
      above.signer,
      overrides,
    );
  }

  private remove(fleet: BenchFleet): void {
    rmSync(fleet.output, { recursive: true, force: true });
  }

  private table(): string {
    return tableText(
      [
        "devices, output",
        "check",
        "create",
        "devices/s",
        "limit/s",
        "ratio",
        "signing",
        "peak memory",
        "bundles",
        "inventory",
        "CPU µs/device",
        "of the limit",
      ],
      this.rows.map(({ name, devices, run, limit, bytes }) => [
        `${count(devices)}, ${name}`,
        seconds(run.check),
        seconds(run.work),
        count(devices / run.work),
        count(limit.rate),
        ratio(devices / run.work / limit.rate),
        run.signingRate === undefined
          ? "-"
          : ratio(run.signingRate / limit.rate),
        run.process === undefined ? "-" : megabytes(run.process.peakMemory),
        megabytes(bytes.bundles),
        megabytes(bytes.inventory),
        run.process === undefined
          ? "-"
          : ((run.process.cpuSeconds / devices) * 1e6).toFixed(1),
        (limit.cpuSeconds * 1e6).toFixed(1),
      ]),
    );
  }

  /** Of the rows that were measured more than once, and of the large fleets. */
  private medians(): string[] {
    const sizes = new Set(
      this.rows.filter(({ name }) => name === "zstd").map((row) => row.devices),
    );
    return [...sizes].map((size) => {
      const ratios = this.rows
        .filter(({ name, devices }) => name === "zstd" && devices === size)
        .map(({ devices, run, limit }) => devices / run.work / limit.rate);
      return `${count(size)} devices: ratio of create to the Node limit on all cores ${ratio(median(ratios))}${ratios.length > 1 ? `, median of ${ratios.length} rounds` : ""}`;
    });
  }
}

function mean(one: NodeLimit, other: NodeLimit): NodeLimit {
  return {
    rate: (one.rate + other.rate) / 2,
    cpuSeconds: (one.cpuSeconds + other.cpuSeconds) / 2,
  };
}

function print(title: string, lines: readonly string[]): void {
  process.stdout.write(`${title}\n${lines.join("\n")}\n\n`);
}

/** Where it is, for whoever waits. */
function note(text: string): void {
  process.stderr.write(`measuring: ${text}…\n`);
}
