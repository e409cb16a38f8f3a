import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { ServerFolder } from "./serverArguments";

/** Tokens by user. */
export type Tokens = ReadonlyMap<string, string>;

/** Gives each user a token, the administrator with all rights, and the server a key for those of service accounts. */
export function writeCredentials(
  folder: ServerFolder,
  users: readonly string[],
): Tokens {
  const tokens = new Map(
    ["admin", ...users].map((user) => [user, randomBytes(16).toString("hex")]),
  );
  const lines = [...tokens].map(([user, token]) =>
    user === "admin"
      ? `${token},admin,admin,"system:masters"\n`
      : `${token},${user},${user}\n`,
  );
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const files = {
    [folder.tokens]: lines.join(""),
    [folder.accountKey]: privateKey
      .export({ type: "sec1", format: "pem" })
      .toString(),
  };
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(path, text, { mode: 0o600 });
  }
  return tokens;
}

/** What a kubeconfig says. */
export interface Access {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  /** Also the context's name. */
  readonly user: string;
  readonly token: string;
}

/** A kubeconfig with one context. */
export function kubeconfigText({
  server,
  authority,
  user,
  token,
}: Access): string {
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: {
          server,
          "certificate-authority-data":
            Buffer.from(authority).toString("base64"),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: user, context: { cluster: "test", user } }],
    "current-context": user,
  });
}
