import { spawn } from "node:child_process";
import * as net from "node:net";
import { findProgram, runCommand } from "../../support/command";
import { firstLine } from "./lineProcess";
import { callAsDevice, withPeer } from "./peer";
import type { Credentials, Handshake, Stack, Verdict } from "./stack";

/** OpenSSL's own client and server. */
export const openssl = opensslWith("OpenSSL", []);

/** The same, which then looks at all that RFC 5280 demands of a certificate. */
export const strictOpenssl = opensslWith("OpenSSL strict", ["-x509_strict"]);

function opensslWith(name: string, options: readonly string[]): Stack {
  return {
    name,
    howToGet: "apt install openssl",
    find: () => {
      const program = findProgram("openssl");
      const said =
        program && firstLine({ program, args: ["version"] })?.split(" ");
      if (program === undefined || said === undefined || said === "") {
        return undefined;
      }
      return {
        version: said.slice(0, 2).concat(options).join(" "),
        start: () => ({
          judge: (handshake) =>
            handshake.role === "client"
              ? withPeer(handshake, (port) =>
                  connect(program, options, handshake, port),
                )
              : serve(program, options, handshake),
          end: () => undefined,
        }),
      };
    },
  };
}

/** Its first refusal in its own words; what follows are consequences. */
function verdictOf(output: string): Verdict {
  const errors = output.match(/verify error:num=\d+:.*/g) ?? [];
  return `refused: ${errors.length > 0 ? errors.join("; ") : output}`;
}

function presenting(own: Credentials | undefined): string[] {
  return own === undefined
    ? []
    : ["-cert", own.chain, "-cert_chain", own.chain, "-key", own.key];
}

function trusting(roots: string): string[] {
  return [
    ...["-no-CApath", "-no-CAstore", "-CAfile", roots],
    "-verify_return_error",
  ];
}

async function connect(
  program: string,
  options: readonly string[],
  { host, roots, own }: Handshake,
  port: number,
): Promise<Verdict> {
  const name =
    net.isIP(host) === 0
      ? ["-servername", host, "-verify_hostname", host]
      : ["-noservername", "-verify_ip", host];
  const { code, stdout, stderr } = await runCommand(program, [
    ...["s_client", "-connect", `127.0.0.1:${port}`, ...name],
    ...trusting(roots),
    ...options,
    ...presenting(own),
  ]);
  return code === 0 && stdout.includes("Verify return code: 0 (ok)")
    ? "accepted"
    : verdictOf(stdout + stderr);
}

/** It cannot call, so here it listens. */
function serve(
  program: string,
  options: readonly string[],
  { roots, own, peer, host }: Handshake,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [
      ...["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-Verify"],
      "9",
      ...trusting(roots),
      ...options,
      ...presenting(own),
    ]);
    let output = "";
    let client: net.Socket | undefined;
    const read = (text: string): void => {
      output += text;
      const port = /^ACCEPT .*:(\d+)$/m.exec(output)?.[1];
      if (port !== undefined && client === undefined) {
        client = net.connect(Number(port), "127.0.0.1");
        const socket = callAsDevice(client, peer, host);
        socket.on("error", () => undefined);
        // The server's handshake is over when it answers the end of what it was sent.
        socket.on("secureConnect", () => socket.end("\n"));
      }
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.on("error", reject);
    child.on("close", () => {
      client?.destroy();
      resolve(
        output.includes("-----BEGIN SSL SESSION PARAMETERS-----") &&
          !output.includes("verify error")
          ? "accepted"
          : verdictOf(output),
      );
    });
  });
}
