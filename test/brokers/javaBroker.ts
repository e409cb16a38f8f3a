import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { built } from "../interop/stacks/cache";
import { findProgram } from "../support/command";
import { mavenJars } from "../support/maven";
import { BrokerProcess } from "./brokerProcess";
import type { BrokerDriver, BrokerPod, Refusals } from "./driver";

/** Sources and lock files of the Java brokers. */
export const JAVA = join(__dirname, "java");

const QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx384m"];

/** A broker of Maven Central, and the class of ours that starts it. */
export interface JavaBroker {
  /** Such as `Artemis 2.55.0`. */
  readonly version: string;
  /** Name of the class, of its source, and of the lock file in small letters. */
  readonly main: string;
  readonly options: (pod: BrokerPod) => readonly string[];
  readonly args: (pod: BrokerPod) => readonly string[];
}

/** The broker, compiled and with its jars; or why it cannot run here. */
export function findJavaBroker({
  version,
  main,
  options,
  args,
}: JavaBroker): ReturnType<BrokerDriver["find"]> {
  const [java, javac] = [findProgram("java"), findProgram("javac")];
  const compiler = javac === undefined ? "" : versionOf(javac);
  if (
    java === undefined ||
    javac === undefined ||
    Number(/\d+/.exec(compiler)?.[0] ?? 0) < 17
  ) {
    return {
      missing: "a JDK of version 17 or later",
      howToGet: "apt-get install openjdk-17-jdk-headless",
    };
  }
  const lock = join(JAVA, `${main.toLowerCase()}.lock`);
  const jars = mavenJars(lock);
  if (jars.paths === undefined) {
    return {
      missing: `${main} ${version} (${jars.reason})`,
      howToGet: "set MAVEN_REPOSITORY to a mirror of Maven Central",
    };
  }
  const classPath = [
    jars.classPath,
    compiled(javac, compiler, main, lock, jars.classPath),
  ].join(delimiter);
  return {
    version,
    start: (pod) =>
      BrokerProcess.start({
        program: java,
        args: [
          ...[...QUICK, ...options(pod), "-cp", classPath, main],
          ...args(pod),
        ],
        env: { ...process.env, ...pod.environment },
        ready: /^ready$/m,
        patience: 120_000,
      }),
  };
}

/** Such as `javac 17.0.15`. */
function versionOf(javac: string): string {
  return spawnSync(javac, ["-version"], { encoding: "utf8" }).stdout;
}

/** The folder with the class; compiled once for every state of its source and its jars. */
function compiled(
  javac: string,
  compiler: string,
  main: string,
  lock: string,
  classPath: string,
): string {
  const source = join(JAVA, `${main}.java`);
  return built(`java-${main}`, [source, lock], compiler, (to) => {
    const { status, stderr } = spawnSync(
      javac,
      ["-proc:none", "-cp", classPath, "-d", to, source],
      { encoding: "utf8" },
    );
    if (status !== 0) {
      throw new Error(stderr);
    }
  });
}

/**
 * How Java's TLS refuses a client: in Java 17 mostly `certificate_unknown` (46),
 * whatever the reason, which the log has; later ones are more exact.
 */
export const JAVA_REFUSALS: Refusals = {
  noCertificate: {
    client: /alert number (42|116)/,
    log: /Empty client certificate chain/,
  },
  foreignAuthority: {
    client: /alert number (46|48)/,
    log: /does not chain with any of the trust anchors|unable to find valid certification path|signature check failed/,
  },
  expired: { client: /alert number 4[56]/, log: /NotAfter: / },
  serverCertificate: {
    client: /alert number 46/,
    log: /Extended key usage does not permit use for TLS client authentication/,
  },
  tls11: {
    client: /alert number 70/,
    log: /TLSv1\.1 is not enabled or supported/,
  },
  keyOfAnother: {
    client: /handshake failure|decrypt error/,
    log: /Invalid CertificateVerify/,
  },
};
