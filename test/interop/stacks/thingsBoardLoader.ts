import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { connect } from "node:tls";
import { findProgram, runCommand } from "../../support/command";
import { mavenJars } from "../../support/maven";
import { PROGRAMS, built } from "./cache";
import type { Command } from "./lineProcess";
import { LineProcess, firstLine } from "./lineProcess";

const SOURCE = join(PROGRAMS, "java", "ThingsBoardLoader.java");
const LOCK = join(PROGRAMS, "java", "bouncycastle.lock");

/** Whether our loader can be run here; or why not, and what to do. */
export type LoaderProgram =
  | { readonly command: Command; readonly version: string }
  | { readonly command: undefined; readonly reason: string };

/** Compiles the program that loads files as ThingsBoard does, with BouncyCastle. */
export function loaderProgram(): LoaderProgram {
  const [java, javac] = [findProgram("java"), findProgram("javac")];
  if (java === undefined || javac === undefined) {
    return {
      command: undefined,
      reason: "apt-get install default-jdk-headless",
    };
  }
  const jars = mavenJars(LOCK);
  if (jars.paths === undefined) {
    return { command: undefined, reason: jars.reason };
  }
  const key = `${spawnSync(javac, ["-version"], { encoding: "utf8" }).stdout}${jars.classPath}`;
  const folder = built("thingsboard-loader", [SOURCE], key, (to) => {
    const { status, stderr } = spawnSync(
      javac,
      ["-cp", jars.classPath, "-d", to, SOURCE],
      { encoding: "utf8" },
    );
    if (status !== 0) {
      throw new Error(`javac ${SOURCE}:\n${stderr}`);
    }
  });
  const command = {
    program: java,
    args: [
      ...["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
      // What stays in memory need not be safe from guessing; ten thousand rounds a key take most of the time.
      "-Dkeystore.pkcs12.keyPbeIterationCount=1",
      ...["-cp", `${jars.classPath}:${folder}`, "ThingsBoardLoader"],
    ],
  };
  const version = firstLine(command);
  return version === undefined
    ? { command: undefined, reason: `${java} does not run what ${javac} made` }
    : { command, version };
}

/** What a client was told after a handshake. */
export interface Greeting {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** How many certificates the client has shown. */
  readonly shown: number;
  /** ThingsBoard's id of the first of them; `-` of none. */
  readonly credentialsId: string;
}

/** Paths of a key store, and how to open it. */
export interface KeystoreOrder {
  readonly type: string;
  readonly path: string;
  readonly password: string;
  readonly keyPassword: string;
  readonly alias: string;
}

/** A loader that runs: one process for many files. */
export class ThingsBoardLoader {
  private readonly process: LineProcess;

  constructor(command: Command) {
    this.process = new LineProcess(command);
  }

  /** Loads PEM files. @returns the port, or why it did not start */
  pem(
    product: string,
    certFile: string,
    keyFile: string,
    password: string,
  ): Promise<number | string> {
    return this.start("pem", product, certFile, keyFile, password);
  }

  /** Loads a key store. @returns the port, or why it did not start */
  keystore(product: string, order: KeystoreOrder): Promise<number | string> {
    const { type, path, password, keyPassword, alias } = order;
    return this.start(
      "keystore",
      ...[product, type, path, password, keyPassword, alias],
    );
  }

  async stop(port: number): Promise<void> {
    await this.process.ask(line("stop", [String(port)]));
  }

  end(): void {
    this.process.end();
  }

  private async start(
    order: string,
    ...fields: readonly string[]
  ): Promise<number | string> {
    const answer = await this.process.ask(line(order, fields));
    const port = /^starts (\d+)$/.exec(answer)?.[1];
    return port === undefined ? answer : Number(port);
  }
}

function line(order: string, fields: readonly string[]): string {
  return [
    order,
    ...fields.map((field) => Buffer.from(field).toString("base64")),
  ].join("\t");
}

/** A device that shows itself: paths of PEM files. */
export interface Device {
  readonly certFile: string;
  /** The CAs above it, shown as they stand there. */
  readonly issuersFile: string;
  readonly keyFile: string;
}

/** Versions of TLS that a server is tried with. */
export const TLS_VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/**
 * A handshake by Node's TLS, which is OpenSSL in this process, and so takes
 * milliseconds: for many. Nobody is verified; it is about the server's key.
 *
 * @returns what the server told, or how it failed
 */
export function shakeHandsQuickly(
  port: number,
  version: (typeof TLS_VERSIONS)[number],
): Promise<Greeting | string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
    });
    socket.setEncoding("latin1").setTimeout(20_000, () => {
      socket.destroy(new Error("no answer"));
    });
    socket.on("data", (text: string) => {
      said += text;
    });
    socket.on("end", () => {
      socket.end();
    });
    socket.on("error", (error: Error) => {
      resolve(error.message);
    });
    socket.on("close", () => {
      resolve(greetingIn(said) ?? "closed without a word");
    });
  });
}

/**
 * A handshake of `openssl s_client`'s.
 *
 * @param more further arguments
 * @returns what the server told, or how it failed
 */
export async function shakeHands(
  openssl: string,
  port: number,
  version: (typeof TLS_VERSIONS)[number],
  device: Device | undefined,
  more: readonly string[] = [],
): Promise<Greeting | string> {
  const { stdout, stderr } = await runCommand(openssl, [
    ...["s_client", "-quiet", "-connect", `127.0.0.1:${port}`],
    version === "TLSv1.2" ? "-tls1_2" : "-tls1_3",
    ...(device === undefined
      ? []
      : [
          ...["-cert", device.certFile, "-cert_chain", device.issuersFile],
          ...["-key", device.keyFile],
        ]),
    ...more,
  ]);
  return greetingIn(stdout) ?? stderr.trim();
}

function greetingIn(text: string): Greeting | undefined {
  const [, protocol = "", shown = "", credentialsId = ""] =
    /^(TLS\S+) (\d+) ([0-9a-f]+|-)$/m.exec(text) ?? [];
  return protocol === ""
    ? undefined
    : { protocol, shown: Number(shown), credentialsId };
}
