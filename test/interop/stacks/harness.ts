import { LineProcess } from "./lineProcess";
import { withPeer } from "./peer";
import type { Program } from "./programs";
import { cProgram, goProgram, javaProgram, pythonProgram } from "./programs";
import type { Handshake, Judge, Present, Stack } from "./stack";

/** A stack that one of our programs speaks for; c/cases.h says what it is asked. */
function harness(
  name: string,
  howToGet: string,
  find: () => Program | undefined,
): Stack {
  return {
    name,
    howToGet,
    find: () => present(find(), (process) => shakingHands(process)),
  };
}

function present(
  program: Program | undefined,
  judge: (process: LineProcess) => Judge["judge"],
): Present | undefined {
  return (
    program && {
      version: program.version,
      start: () => {
        const process = new LineProcess(program.command);
        return {
          judge: judge(process),
          end: () => {
            process.end();
          },
        };
      },
    }
  );
}

function question(handshake: Handshake, port: number): string {
  const { role, host, roots, own } = handshake;
  return [role, port, host, roots, own?.chain ?? "", own?.key ?? ""].join("\t");
}

function shakingHands(process: LineProcess): Judge["judge"] {
  return (handshake) =>
    withPeer(handshake, (port) => process.ask(question(handshake, port)));
}

function readingFiles(process: LineProcess): Judge["judge"] {
  return (handshake) =>
    process.ask(`${question(handshake, 0)}\t${handshake.peer.chain}`);
}

export const gnutls = harness("GnuTLS", "apt install gcc libgnutls28-dev", () =>
  cProgram({
    name: "gnutls",
    header: "gnutls/gnutls.h",
    flags: ["-lgnutls"],
  }),
);

export const mbedtls = harness(
  "Mbed TLS",
  "apt install gcc libmbedtls-dev",
  () =>
    cProgram({
      name: "mbedtls",
      header: "mbedtls/ssl.h",
      flags: ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"],
    }),
);

export const wolfssl = harness(
  "wolfSSL",
  "apt install gcc libwolfssl-dev",
  () =>
    cProgram({
      name: "wolfssl",
      header: "wolfssl/ssl.h",
      flags: ["-lwolfssl"],
    }),
);

export const nss = harness("NSS", "apt install gcc libnss3-dev", () =>
  cProgram({
    name: "nss",
    header: "nss/nss.h",
    flags: [
      ...[
        "/usr/include",
        "/usr/local/include",
        "/opt/homebrew/include",
      ].flatMap((folder) => [`-I${folder}/nss`, `-I${folder}/nspr`]),
      ...["-lssl3", "-lsmime3", "-lnss3", "-lnspr4"],
    ],
  }),
);

export const go = harness("Go", "see https://go.dev/doc/install", goProgram);

export const java = harness(
  "Java",
  "apt install openjdk-17-jdk-headless",
  javaProgram,
);

/** It has no TLS: a handshake is judged from the files. */
export const pyca: Stack = {
  name: "pyca",
  howToGet: "apt install python3-venv, and pip must reach PyPI",
  verifierOnly: true,
  find: () => present(pythonProgram("judge"), readingFiles),
};
