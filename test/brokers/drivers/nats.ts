import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { BrokerKind } from "../../../platforms/brokers";
import { runCommand } from "../../support/command";
import { BrokerProcess } from "../brokerProcess";
import type { BrokerDriver } from "../driver";
import { natsServer } from "../goPrograms";

export const natsDriver: BrokerDriver = {
  kind: BrokerKind.Nats,
  find: () => {
    const program = natsServer();
    if ("missing" in program) {
      return program;
    }
    const { stdout } = spawnSync(program.path, ["--version"], {
      encoding: "utf8",
    });
    return {
      version: /: v(\S+)/.exec(stdout)?.[1] ?? "",
      start: ({ data, args }) => {
        mkdirSync(data, { recursive: true });
        return BrokerProcess.start({
          program: program.path,
          // With its debugging lines, which tell the user it has found.
          args: [...args, "-D"],
          ready: /Server is ready/,
          signal: async (command, pid) => {
            // In a pod it is the first process.
            const words = command.replace(/=1$/, `=${pid}`).split(" ");
            const { code, stderr } = await runCommand(
              program.path,
              words.slice(1),
            );
            if (code !== 0) {
              throw new Error(stderr);
            }
          },
        });
      },
    };
  },
  refusals: {
    noCertificate: {
      client: /alert number (40|42|116)/,
      log: /client didn't provide a certificate/,
    },
    foreignAuthority: {
      client: /alert number (42|48)/,
      log: /certificate signed by unknown authority/,
    },
    expired: {
      client: /alert number (42|45)/,
      log: /certificate has expired or is not yet valid/,
    },
    serverCertificate: {
      client: /alert number (42|43)/,
      log: /incompatible key usage/,
    },
    tls11: { client: /alert number 70/, log: /unsupported versions/ },
    keyOfAnother: { client: /error decrypting/, log: /invalid signature/ },
    unknownDevice: { client: /connack 5/, log: /authentication error/ },
  },
  clientIdOf: (device) => device.replaceAll(".", "_"),
  knownAs: (device) =>
    new RegExp(
      `Using DistinguishedNameMatch for auth \\["CN=${device.replace(".", "\\.")},O=Example"\\]`,
    ),
  foreignTopic: "dropped",
  foreignClientId: "taken",
  sessionsOutliveReload: true,
};
