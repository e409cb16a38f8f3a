import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BrokerIdentity, BrokerKind } from "../../../platforms/brokers";
import { staysUser } from "../../support/broker";
import { findProgram } from "../../support/command";
import { BrokerProcess } from "../brokerProcess";
import type { BrokerDriver } from "../driver";

export const mosquittoDriver: BrokerDriver = {
  kind: BrokerKind.Mosquitto,
  find: () => {
    const program = findProgram("mosquitto");
    if (program === undefined) {
      return {
        missing: "mosquitto",
        howToGet: "apt-get install mosquitto mosquitto-clients",
      };
    }
    const { stdout } = spawnSync(program, ["-h"], { encoding: "utf8" });
    return {
      version: /^mosquitto version (\S+)/.exec(stdout)?.[1] ?? "",
      start: ({ data, args, root, configuration }) => {
        mkdirSync(data, { recursive: true });
        const [option = "", file = ""] = args.slice(1);
        return BrokerProcess.start({
          program,
          args: [option, asRoot(root, configuration) ?? file, "-v"],
          ready: /mosquitto version \S+ running/,
          signal: (_, pid) => {
            process.kill(pid, "SIGHUP");
            return Promise.resolve();
          },
        });
      },
    };
  },
  refusals: {
    noCertificate: {
      client: /alert number (40|116)/,
      log: /peer did not return a certificate/,
    },
    foreignAuthority: {
      client: /alert number 48/,
      log: /certificate verify failed/,
    },
    expired: { client: /alert number 45/, log: /certificate verify failed/ },
    serverCertificate: {
      client: /alert number 43/,
      log: /certificate verify failed/,
    },
    tls11: { client: /alert number 70/, log: /unsupported protocol/ },
    keyOfAnother: { client: /error decrypting/, log: /bad signature/ },
    unlistedAuthority: {
      client: /alert number 48/,
      log: /certificate verify failed/,
    },
    revoked: { client: /alert number 44/, log: /certificate verify failed/ },
  },
  knownAs: (device) => new RegExp(`u'${device}'`),
  foreignTopic: "dropped",
  foreignClientId: "own",
  sessionsOutliveReload: true,
};

const {
  revoked: _,
  unlistedAuthority: __,
  ...others
} = mosquittoDriver.refusals;

/** The same without revocation lists, with which it takes up device roots in another way. */
export const mosquittoWithoutListsDriver: BrokerDriver = {
  ...mosquittoDriver,
  name: "Mosquitto no CRL",
  withoutRevocation: true,
  refusals: others,
};

const { foreignTopic: _topics, ...unguarded } = mosquittoWithoutListsDriver;

/** The same by whole subjects, which are no part of a topic. */
export const mosquittoBySubjectDriver: BrokerDriver = {
  ...unguarded,
  name: "Mosquitto subject",
  identity: BrokerIdentity.Subject,
  topics: ["#"],
  knownAs: (device) => new RegExp(`u'CN=${device},O=Example'`),
};

/**
 * Started by root it would become another user, who may not read the key; then
 * a file of the test's own says so, and takes in what was emitted as it is.
 */
function asRoot(root: string, configuration: string): string | undefined {
  const lines = staysUser();
  if (lines.length === 0) {
    return undefined;
  }
  const file = join(root, "as-root.conf");
  writeFileSync(
    file,
    [...lines, `include_dir ${configuration}`, ""].join("\n"),
  );
  return file;
}
