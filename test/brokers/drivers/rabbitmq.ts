import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BrokerKind } from "../../../platforms/brokers";
import { freePorts } from "../../cluster/freePorts";
import { findProgram, runCommand } from "../../support/command";
import { BrokerProcess } from "../brokerProcess";
import type { BrokerDriver, BrokerPod, RunningBroker } from "../driver";

// Debian's own commands become the user of the service; these stay who they are.
const HOMES = "/usr/lib/rabbitmq/lib";

export const rabbitmqDriver: BrokerDriver = {
  kind: BrokerKind.RabbitMq,
  find: () => {
    const home = homeOf();
    const epmd = findProgram("epmd");
    return home === undefined || epmd === undefined
      ? {
          missing: "rabbitmq-server",
          howToGet: "apt-get install rabbitmq-server",
        }
      : {
          version: home.replace(/.*rabbitmq_server-/, ""),
          start: (pod: BrokerPod) => startNode(join(home, "sbin"), epmd, pod),
        };
  },
  refusals: {
    noCertificate: {
      client: /alert number (40|116)/,
      log: /no_client_certificate_provided|certificate_required/,
    },
    foreignAuthority: {
      client: /alert number 48/,
      log: /Unknown CA|unknown_ca|invalid_signature|bad_cert/,
    },
    expired: { client: /alert number 45/, log: /Certificate Expired/ },
    serverCertificate: {
      client: /alert number 4[0236]/,
      log: /key_usage|unsupported_certificate/,
    },
    tls11: {
      client: /alert number 70/,
      log: /insufficient_security|protocol_version|Protocol Version/i,
    },
    keyOfAnother: {
      client: /bad certificate|handshake failure/,
      log: /In state wait_(cert_verify|cv) /,
    },
    unlistedAuthority: {
      client: /alert number 42/,
      log: /no_relevant_crls/,
    },
    revoked: { client: /alert number 44/, log: /revoked/i },
    unknownDevice: { client: /connack [45]/, log: /sensor-stranger/ },
  },
  foreignTopic: "closed",
  foreignClientId: "taken",
  guardsQueues: true,
  sessionsOutliveReload: true,
};

const {
  revoked: _,
  unlistedAuthority: __,
  ...others
} = rabbitmqDriver.refusals;

/** The same without revocation lists: then rabbitmq.conf has the settings of TLS. */
export const rabbitmqWithoutListsDriver: BrokerDriver = {
  ...rabbitmqDriver,
  name: "RabbitMQ no CRL",
  withoutRevocation: true,
  wholeOnly: true,
  refusals: others,
};

function homeOf(): string | undefined {
  return existsSync(HOMES)
    ? readdirSync(HOMES)
        .filter((name) => name.startsWith("rabbitmq_server-"))
        .map((name) => join(HOMES, name))
        .at(-1)
    : undefined;
}

/** A node with ports, files and a port mapper of its own. */
async function startNode(
  sbin: string,
  epmd: string,
  { root, data, environment }: BrokerPod,
): Promise<RunningBroker> {
  mkdirSync(data, { recursive: true });
  writeFileSync(join(root, ".erlang.cookie"), randomBytes(20).toString("hex"), {
    mode: 0o400,
  });
  const [epmdPort = 0, distributionPort = 0] = await freePorts(2);
  const env = {
    ...process.env,
    ...environment,
    PATH: [sbin, process.env.PATH ?? ""].join(delimiter),
    HOME: root,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `mqtt-pki-${process.pid}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CONF_ENV_FILE: join(root, "no-such-file"),
    RABBITMQ_MNESIA_BASE: join(data, "mnesia"),
    RABBITMQ_LOG_BASE: join(data, "log"),
    RABBITMQ_GENERATED_CONFIG_DIR: join(data, "config"),
    RABBITMQ_LOGS: "-",
    // Idle schedulers that turn in circles are other tests' time.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
  };
  const mapper = await BrokerProcess.start({
    program: epmd,
    args: ["-port", String(epmdPort), "-address", "127.0.0.1", "-d"],
    env,
    ready: /epmd running/,
  });
  try {
    return await BrokerProcess.start({
      program: join(sbin, "rabbitmq-server"),
      args: [],
      env,
      cwd: root,
      ready: /Server startup complete/,
      patience: 120_000,
      signal: async (command) => {
        const { code, stdout, stderr } = await runCommand(
          "/bin/sh",
          ["-c", command],
          { env, cwd: root },
        );
        if (code !== 0) {
          throw new Error(stdout + stderr);
        }
      },
      stopped: () => mapper.stop(),
    });
  } catch (error) {
    await mapper.stop();
    throw error;
  }
}
