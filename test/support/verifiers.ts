import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { runCommand } from "./command";
import { ROOT } from "./fleet";

/** A chain, and what it is to be good for. */
export interface ChainCase {
  /** `server` or `client`. */
  readonly purpose: string;
  /** The name the client asked for; left out, no name is compared. */
  readonly host?: string;
  /** PEM file of what is trusted: roots and nothing else. */
  readonly roots: string;
  /** PEM file: leaf first, then its issuers. */
  readonly chain: string;
  /** PEM file of the leaf's key. */
  readonly key: string;
}

/** `accepted`, or `refused: ` and the verifier's own words. */
export type Verdict = string;

/** Verifies chains the way one foreign program does. */
export type Verifier = (cases: readonly ChainCase[]) => Promise<Verdict[]>;

/** `openssl verify -x509_strict`. */
export function openssl(program: string): Verifier {
  return (cases) =>
    Promise.all(
      cases.map(async ({ purpose, host, roots, chain }) => {
        const { code, stdout, stderr } = await runCommand(program, [
          "verify",
          "-x509_strict",
          "-no-CAfile",
          "-no-CApath",
          "-purpose",
          purpose === "server" ? "sslserver" : "sslclient",
          ...(host === undefined ? [] : ["-verify_hostname", host]),
          "-CAfile",
          roots,
          // It verifies the first certificate of a file only, and takes the issuers from the other one.
          "-untrusted",
          chain,
          chain,
        ]);
        return code === 0 ? "accepted" : `refused: ${stdout}${stderr}`;
      }),
    );
}

/** Java's trust manager, and a handshake where a host name is compared. */
export function java(program: string): Verifier {
  return (cases) =>
    runBatch(
      program,
      [join(ROOT, "test", "interop", "programs", "VerifyChains.java")],
      cases,
    );
}

/** Go's crypto/x509. */
export function go(program: string): Verifier {
  return async (cases) => {
    const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-go-"));
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      GO111MODULE: "off",
      GOFLAGS: "",
      GOTOOLCHAIN: "local",
      GOPATH: folder,
    };
    if (env.HOME === undefined && env.GOCACHE === undefined) {
      env.GOCACHE = join(folder, "cache");
    }
    try {
      return await runBatch(
        program,
        ["run", join(ROOT, "test", "interop", "programs", "verifychains.go")],
        cases,
        env,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

async function runBatch(
  program: string,
  args: readonly string[],
  cases: readonly ChainCase[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Verdict[]> {
  const input = cases
    .map(({ purpose, host = "", roots, chain, key }) =>
      [purpose, host, roots, chain, key].join("\t"),
    )
    .join("\n");
  const { code, stdout, stderr } = await runCommand(program, args, {
    input: `${input}\n`,
    env,
  });
  const verdicts = stdout.trimEnd().split("\n");
  if (code !== 0 || verdicts.length !== cases.length) {
    throw new Error(`${program} ended with exit code ${code}:\n${stderr}`);
  }
  return verdicts;
}

/** Node's TLS: a handshake between a server and a client of this process. */
export const node: Verifier = async (cases) => {
  const verdicts: Verdict[] = [];
  for (const one of cases) {
    verdicts.push(await shakeHands(one));
  }
  return verdicts;
};

function shakeHands(one: ChainCase): Promise<Verdict> {
  const [chain, key, roots] = [one.chain, one.key, one.roots].map((file) =>
    readFileSync(file),
  );
  const isServer = one.purpose === "server";
  const server = tls.createServer({
    // Where the client is looked at, the server needs some certificate of its own; the client's will do.
    cert: chain,
    key,
    // Otherwise the server hangs up on a client without a word of why.
    ...(!isServer && {
      ca: roots,
      requestCert: true,
      rejectUnauthorized: false,
    }),
  });
  return new Promise((resolve, reject) => {
    const end = (socket: tls.TLSSocket, refusal?: unknown): void => {
      socket.destroy();
      server.close();
      resolve(refusal === undefined ? "accepted" : `refused: ${text(refusal)}`);
    };
    server.on("error", reject);
    server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      if (!isServer) {
        end(socket, socket.authorized ? undefined : socket.authorizationError);
      }
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const client = tls.connect({
        host: "127.0.0.1",
        port: typeof address === "object" ? (address?.port ?? 0) : 0,
        ...(isServer ? { ca: roots } : { cert: chain, key }),
        ...(one.host === undefined
          ? { checkServerIdentity: () => undefined }
          : { servername: one.host }),
        rejectUnauthorized: isServer,
      });
      client.on("secureConnect", () => {
        if (isServer) {
          end(client);
        }
      });
      client.on("error", (error: unknown) => {
        if (isServer) {
          end(client, error);
        }
      });
    });
  });
}

function text(refusal: unknown): string {
  return refusal instanceof Error
    ? `${"code" in refusal ? String(refusal.code) : ""} ${refusal.message}`
    : String(refusal);
}
