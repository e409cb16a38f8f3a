import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureVersion } from "node:tls";
import { findProgram, runCommand } from "../support/command";
import { required } from "../support/rendered";
import type { Bench } from "./bench";
import type { BrokerDriver, Refusals } from "./driver";
import { wrongKeyClient } from "./goPrograms";
import type { ClientOptions } from "./probe";
import { HOST } from "./probe";
import { DEVICE, DOTTED, REVOKED, STRANGER } from "./stack";

/** A row of the table. */
export interface BrokerCase {
  readonly name: string;
  /** Why there is nothing to see with this broker, or on this machine; `undefined` where there is. */
  readonly skip?: (driver: BrokerDriver) => string | undefined;
  /** Answers what it has seen, in a few words. */
  readonly body: (bench: Bench, whole: boolean) => Promise<string>;
}

/** Why a broker cannot tell; every one can tell these. */
const ALWAYS = "";
const NO_LISTS = "gets no revocation list here";

function topicOf(device: string, name = "telemetry"): string {
  return `devices/${device}/${name}`;
}

/** A device hears what it publishes to a topic of its own. */
async function hearsItself(
  bench: Bench,
  id: string,
  version: "TLSv1.2" | "TLSv1.3",
): Promise<string> {
  const session = await bench.open(bench.device(id, version));
  await session.subscribe(topicOf(id));
  await session.publish(topicOf(id), version);
  expect(await session.received(1)).toEqual([version]);
  await session.end();
  return version;
}

/** Refused where a broker can tell, for the reason of its own. */
function refusedFor(
  name: string,
  which: keyof Refusals,
  client: (bench: Bench) => ClientOptions,
  otherwise: string,
): BrokerCase {
  return {
    name,
    skip: ({ refusals }) =>
      refusals[which] === undefined ? otherwise : undefined,
    body: (bench) =>
      bench.refuses(bench.refusal(which), client(bench), versionsOf(which)),
  };
}

function versionsOf(which: keyof Refusals): SecureVersion[] {
  return which === "tls11" ? ["TLSv1.1"] : ["TLSv1.2", "TLSv1.3"];
}

/** What a broker does on its first files. */
export const CASES: readonly BrokerCase[] = [
  {
    name: "publishes over TLS 1.2",
    body: (bench) => hearsItself(bench, DEVICE, "TLSv1.2"),
  },
  {
    name: "publishes over TLS 1.3",
    body: (bench) => hearsItself(bench, DOTTED, "TLSv1.3"),
  },
  {
    name: "mosquitto_pub publishes",
    skip: () =>
      findProgram("mosquitto_pub") === undefined
        ? "mosquitto_pub is not installed; apt-get install mosquitto-clients"
        : undefined,
    body: async (bench) => {
      const program = findProgram("mosquitto_pub") ?? "";
      const listener = await bench.open(bench.device(DEVICE));
      await listener.subscribe(topicOf(DEVICE));
      const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-pub-"));
      try {
        const { chain, key } = required(bench.updates.first.devices, DEVICE);
        const files = {
          ca: bench.updates.first.serverAnchors,
          cert: chain,
          key,
        };
        for (const [name, text] of Object.entries(files)) {
          writeFileSync(join(folder, name), text, { mode: 0o600 });
        }
        // Its client id is that of the listener where the broker takes the certificate's; it then hears itself no more.
        const before = await runCommand(program, [
          ...["-h", HOST, "-p", String(bench.port), "-q", "1"],
          ...["--cafile", join(folder, "ca"), "--cert", join(folder, "cert")],
          ...["--key", join(folder, "key"), "-i", `${DEVICE}-pub`],
          ...["-t", topicOf(DEVICE), "-m", "from mosquitto_pub"],
        ]);
        expect(before).toMatchObject({ code: 0 });
        if (bench.driver.foreignClientId !== "own") {
          expect(await listener.received(1)).toEqual(["from mosquitto_pub"]);
        }
      } finally {
        rmSync(folder, { recursive: true });
        await listener.end();
      }
      return "QoS 1";
    },
  },
  {
    name: "knows a device by its certificate",
    skip: (driver) =>
      driver.knownAs === undefined && driver.foreignTopic === undefined
        ? "knows nobody by name; a caveat says so"
        : undefined,
    body: async (bench) => {
      const { driver, broker } = bench;
      const from = broker.position;
      const session = await bench.open(bench.device(DEVICE));
      if (driver.knownAs !== undefined) {
        await broker.waitFor(driver.knownAs(DEVICE), from);
      }
      await session.subscribe(topicOf(DEVICE, "identity"));
      await session.publish(topicOf(DEVICE, "identity"), "mine");
      expect(await session.received(1)).toEqual(["mine"]);
      await session.end();
      return driver.knownAs === undefined ? "by its topics" : "by its log";
    },
  },
  {
    name: "another's topic is closed to it",
    skip: ({ foreignTopic }) =>
      foreignTopic === undefined
        ? "guards no topics; a caveat says so"
        : undefined,
    body: async (bench) => {
      const { foreignTopic } = bench.driver;
      const other = await bench.open(bench.device(DOTTED));
      await other.subscribe(topicOf(DOTTED));
      const session = await bench.open(bench.device(DEVICE));
      await session.publish(topicOf(DOTTED), "forged");
      if (foreignTopic === "closed") {
        await session.untilEnded();
      }
      await other.publish(topicOf(DOTTED), "its own");
      expect(await other.received(1)).toEqual(["its own"]);
      await Promise.all([other.end(), session.end()]);
      return foreignTopic ?? "";
    },
  },
  {
    name: "another's client id",
    body: async (bench) => {
      const { foreignClientId } = bench.driver;
      const other = await bench.open(bench.device(DOTTED));
      const thief = {
        ...bench.device(DEVICE),
        clientId: bench.clientId(DOTTED),
      };
      if (foreignClientId === "refused") {
        expect(await bench.verdict(thief)).not.toBe("connack 0");
        expect(other.lives).toBe(true);
      } else {
        const session = await bench.open(thief);
        if (foreignClientId === "taken") {
          await other.untilEnded();
          if (bench.driver.guardsQueues === true) {
            session.subscribe(topicOf(DEVICE)).catch(() => undefined);
            await session.untilEnded();
          }
        } else {
          await session.subscribe(topicOf(DEVICE));
          expect(other.lives).toBe(true);
        }
        await session.end();
      }
      await other.end();
      return foreignClientId;
    },
  },
  refusedFor(
    "no certificate",
    "noCertificate",
    (bench) => bench.client(DEVICE),
    ALWAYS,
  ),
  refusedFor(
    "a CA of the same name",
    "foreignAuthority",
    (bench) =>
      bench.client(
        DEVICE,
        required(bench.updates.first.foreignDevices, DEVICE),
      ),
    ALWAYS,
  ),
  refusedFor(
    "an expired certificate",
    "expired",
    (bench) => bench.client(DEVICE, bench.expired),
    ALWAYS,
  ),
  refusedFor(
    "a server's certificate",
    "serverCertificate",
    (bench) => bench.client(DEVICE, bench.updates.first.impostor),
    ALWAYS,
  ),
  refusedFor("TLS 1.1", "tls11", (bench) => bench.device(DEVICE), ALWAYS),
  {
    name: "the key of another",
    skip: () => {
      const client = wrongKeyClient();
      return "missing" in client
        ? `${client.missing} is missing; ${client.howToGet}`
        : undefined;
    },
    body: keyOfAnother,
  },
  refusedFor(
    "a revoked certificate",
    "revoked",
    (bench) => bench.device(REVOKED),
    NO_LISTS,
  ),
  refusedFor(
    "a CA without a revocation list",
    "unlistedAuthority",
    (bench) =>
      bench.client(
        DEVICE,
        required(bench.updates.first.unlistedDevices, DEVICE),
      ),
    NO_LISTS,
  ),
  refusedFor(
    "a device that it was not told of",
    "unknownDevice",
    (bench) => bench.device(STRANGER),
    "takes every device of the CA, as it should",
  ),
];

async function keyOfAnother(bench: Bench): Promise<string> {
  const client = wrongKeyClient();
  const refusal = bench.refusal("keyOfAnother");
  const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-key-"));
  try {
    const { devices } = bench.updates.first;
    const [chain, key] = [join(folder, "chain.pem"), join(folder, "key.pem")];
    writeFileSync(chain, required(devices, DEVICE).chain);
    writeFileSync(key, required(devices, DOTTED).key, { mode: 0o600 });
    const heard: string[] = [];
    for (const version of ["1.2", "1.3"]) {
      const from = bench.broker.position;
      const { stdout } = await runCommand("path" in client ? client.path : "", [
        `127.0.0.1:${bench.port}`,
        chain,
        key,
        version,
      ]);
      expect(stdout).toMatch(refusal.client);
      if (refusal.log !== undefined) {
        await bench.broker.waitFor(refusal.log, from);
      }
      heard.push(stdout.trim().replace(/^.*tls: /, ""));
    }
    return [...new Set(heard)].join(" / ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
