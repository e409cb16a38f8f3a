import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { issueCertificate } from "../../pki/certificate";
import { exportPkcs8, generateKey, publicKeyDer } from "../../pki/key";
import type { Party } from "../../test/pki/support/authority";
import { order } from "../../test/pki/support/authority";
import { findProgram, runCommand } from "../../test/support/command";
import { OPENSSL, openssl } from "../../test/support/seeds";

/** How fast something else makes keys on P-256 with certificates, both as PEM. */
export interface PeerFigure {
  readonly name: string;
  /** Certificates a second; `undefined` where it is not installed. */
  readonly rate: number | undefined;
  /** On how many cores. */
  readonly cores: number;
}

const PROGRAMS = join(__dirname, "peers");

/**
 * Measures what else is installed, one after the other.
 *
 * @param folder to write to
 * @param seconds for each, about
 */
export async function measurePeers(
  folder: string,
  seconds: number,
  ca: Party,
): Promise<PeerFigure[]> {
  mkdirSync(folder, { recursive: true });
  return [
    await libraryFigure(seconds, ca),
    ...(await goFigures(folder, seconds)),
    await pythonFigure(seconds),
    opensslFigure(join(folder, "openssl"), seconds),
    await easyRsaFigure(join(folder, "easy-rsa"), seconds),
  ];
}

/** Certificates a second of a step that makes one. */
async function rateOf(
  seconds: number,
  step: (index: number) => unknown,
): Promise<number> {
  const start = performance.now();
  let elapsed = 0;
  let done = 0;
  while (elapsed < seconds) {
    await step(done);
    done += 1;
    elapsed = (performance.now() - start) / 1000;
  }
  return done / elapsed;
}

async function libraryFigure(seconds: number, ca: Party): Promise<PeerFigure> {
  const now = new Date();
  const rate = await rateOf(seconds, async (index) => {
    const wanted = order({
      subject: { commonName: `device-${String(index).padStart(7, "0")}` },
    });
    const key = generateKey(wanted.key);
    await issueCertificate(
      wanted,
      { publicKey: publicKeyDer(key), key: wanted.key },
      ca.signer,
      now,
    );
    exportPkcs8(key);
  });
  return { name: "@peculiar/x509 (issueCertificate)", rate, cores: 1 };
}

async function goFigures(
  folder: string,
  seconds: number,
): Promise<PeerFigure[]> {
  const go = findProgram("go");
  const lines =
    go === undefined
      ? []
      : await output(
          go,
          ["run", join(PROGRAMS, "issue.go"), String(seconds)],
          // It is to say what this machine has, and to fetch nothing.
          {
            GOTOOLCHAIN: "local",
            GOFLAGS: "-mod=mod",
            GOPROXY: "off",
            GOCACHE: process.env.GOCACHE ?? join(folder, "go-cache"),
          },
        );
  return lines.length === 0
    ? [{ name: "Go crypto/x509", rate: undefined, cores: 1 }]
    : lines.map(([version = "", cores, rate]) => ({
        name: `Go crypto/x509, ${version}`,
        rate: Number(rate),
        cores: Number(cores),
      }));
}

async function pythonFigure(seconds: number): Promise<PeerFigure> {
  const python = findProgram("python3");
  const [line] =
    python === undefined
      ? []
      : await output(python, [join(PROGRAMS, "issue.py"), String(seconds)]);
  const [version = "", , rate] = line ?? [];
  return {
    name: `Python cryptography${version === "" ? "" : ` ${version}`}`,
    rate: rate === undefined ? undefined : Number(rate),
    cores: 1,
  };
}

/** What a program prints, in words by line; nothing where it fails, since then it lacks what it needs. */
async function output(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string[][]> {
  const { code, stdout } = await runCommand(program, args, {
    env: { ...process.env, ...env },
  });
  return code === 0
    ? stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" "))
    : [];
}

const NEW_KEY = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"];

/** Three processes a device, as the guides have it. */
function opensslFigure(folder: string, seconds: number): PeerFigure {
  const figure = { name: "openssl ecparam + req + x509", cores: 1 };
  if (OPENSSL === undefined) {
    return { ...figure, rate: undefined };
  }
  mkdirSync(folder, { recursive: true });
  openssl(folder, ...NEW_KEY, "-out", "ca.key");
  const request = ["req", "-new", "-sha256", "-subj"];
  openssl(
    folder,
    ...request,
    "/CN=CA",
    "-x509",
    "-key",
    "ca.key",
    "-out",
    "ca.pem",
  );
  const start = performance.now();
  let elapsed = 0;
  let done = 0;
  for (; elapsed < seconds; done += 1) {
    const [key, csr, pem] = ["key", "csr", "pem"].map(
      (kind) => `device-${done}.${kind}`,
    ) as [string, string, string];
    openssl(folder, ...NEW_KEY, "-out", key);
    openssl(folder, ...request, `/CN=device-${done}`, "-key", key, "-out", csr);
    openssl(
      folder,
      ...["x509", "-req", "-sha256", "-days", "365", "-in", csr],
      ...["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", pem],
    );
    elapsed = (performance.now() - start) / 1000;
  }
  return { ...figure, rate: done / elapsed };
}

async function easyRsaFigure(
  folder: string,
  seconds: number,
): Promise<PeerFigure> {
  const figure = { name: "easy-rsa build-client-full", cores: 1 };
  const packaged = "/usr/share/easy-rsa/easyrsa";
  const program =
    findProgram("easyrsa") ?? (existsSync(packaged) ? packaged : undefined);
  if (program === undefined || OPENSSL === undefined) {
    return { ...figure, rate: undefined };
  }
  mkdirSync(folder, { recursive: true });
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await runCommand(program, args, {
      cwd: folder,
      env: {
        ...process.env,
        EASYRSA_BATCH: "1",
        EASYRSA_ALGO: "ec",
        EASYRSA_CURVE: "prime256v1",
        EASYRSA_PKI: join(folder, "pki"),
        EASYRSA_REQ_CN: "CA",
      },
    });
    if (code !== 0) {
      throw new Error(`easyrsa ${args.join(" ")}: ${stderr}`);
    }
  };
  await run("init-pki");
  await run("build-ca", "nopass");
  const rate = await rateOf(seconds, (index) =>
    run("build-client-full", `device-${index}`, "nopass"),
  );
  return { ...figure, rate };
}
