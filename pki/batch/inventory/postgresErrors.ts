import { InputError } from "../../problem";

/** What went wrong with PostgreSQL. */
export const PostgresFailure = {
  /** The connection string is none. */
  ConnectionString: "connectionString",
  /** No server answers there, or it takes no connection now. */
  Unreachable: "unreachable",
  /** The server does not let this role in with this password. */
  Password: "password",
  Database: "database",
  Permission: "permission",
  Tls: "tls",
  /** The connection ended in the middle; the next run goes on from there. */
  Lost: "lost",
  /** Another run of the same batch is at work. */
  Busy: "busy",
  /** PostgreSQL has what this inventory never had. */
  Foreign: "foreign",
  /** What is recorded, here or there, was changed by hand. */
  Changed: "changed",
  /** There is nothing, or something else, under this name. */
  Missing: "missing",
  /** The tables are of another version. */
  Version: "version",
  /** Anything else that the server refuses. */
  Refused: "refused",
} as const;

/** One of {@link PostgresFailure}. */
export type PostgresFailureKind =
  (typeof PostgresFailure)[keyof typeof PostgresFailure];

/**
 * Why something did not work with PostgreSQL, and what to do. It holds nothing
 * of the connection string but host, port and database, and no error of the
 * driver as its cause: that one may hold more.
 */
export class PostgresError extends InputError {
  constructor(
    readonly kind: PostgresFailureKind,
    message: string,
  ) {
    super([{ path: "", message }]);
    this.name = "PostgresError";
  }
}

/** Where the server is, as messages name it, and what they must not hold. */
export interface ServerName {
  /** Host, port and database: `database "pki" at db.example.org:5432`. */
  readonly text: string;
  readonly database: string;
  /** Texts that no message may contain. */
  readonly secrets: readonly string[];
}

/** SQLSTATE (PostgreSQL, appendix A) to what it means here. */
const STATES: readonly (readonly [RegExp, PostgresFailureKind])[] = [
  [/^28/, PostgresFailure.Password],
  [/^3D000$/, PostgresFailure.Database],
  [/^42501$/, PostgresFailure.Permission],
  // Shut down, terminated, and the class of broken connections.
  [/^(57P01|57P02|57P05|08...)$/, PostgresFailure.Lost],
  [/^(57P03|53300)$/, PostgresFailure.Unreachable],
  [/^(55P03|40...)$/, PostgresFailure.Busy],
];

const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENOENT|EACCES)$/;

const LOST = /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_[A-Z_]+)$/;

const TLS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/;

/** The error of the driver while it connects, in words. */
export function connectProblem(
  error: unknown,
  server: ServerName,
): PostgresError {
  const { code, message } = read(error);
  const kind = kindOf(code);
  if (TLS.test(code) || /does not support SSL|SSL negotiation/i.test(message)) {
    return new PostgresError(
      PostgresFailure.Tls,
      `The TLS connection to ${server.text} fails (${code === "" ? "the server offers no TLS" : code}). ${
        code === ""
          ? "Turn TLS on at the server, or leave sslmode out of the connection string within a trusted network."
          : "Write the CA of the server's certificate as sslrootcert=FILE into the connection string, and a host name that the certificate has."
      }`,
    );
  }
  if (kind === PostgresFailure.Database) {
    return new PostgresError(
      kind,
      `There is no ${server.text}; make it with CREATE DATABASE, or write the name of one that exists into the connection string.`,
    );
  }
  if (
    kind === PostgresFailure.Password ||
    /password|SASL|SCRAM/.test(message)
  ) {
    return new PostgresError(
      PostgresFailure.Password,
      // The same SQLSTATE covers a missing role and a line missing from pg_hba.conf.
      code === "28000"
        ? `${capital(server.text)} takes no such connection (SQLSTATE 28000): the role is missing there or may not log in, or pg_hba.conf has no line for it; where the server asks for TLS, write sslmode=verify-full into the connection string.`
        : `${capital(server.text)} refuses the role or its password; correct them in the connection string (what a URL reserves is written with %: "@" is %40, "/" is %2F).`,
    );
  }
  if (kind === PostgresFailure.Permission) {
    return permissionProblem(
      server,
      `GRANT CONNECT ON DATABASE ${identifier(server.database)} TO <role>`,
    );
  }
  if (kind === PostgresFailure.Refused && /^[0-9A-Z]{5}$/.test(code)) {
    return refusal(error, server);
  }
  return new PostgresError(
    PostgresFailure.Unreachable,
    `${capital(server.text)} cannot be reached${reason(code, message)}; check host and port in the connection string, that the server runs, and that nothing between here and there drops the connection.`,
  );
}

/**
 * The error of the driver after that, in words.
 *
 * @param grant what lets the role do it, where it may not
 */
export function statementProblem(
  error: unknown,
  server: ServerName,
  grant: string,
): PostgresError {
  if (error instanceof PostgresError) {
    return error;
  }
  const { code, message } = read(error);
  const kind = kindOf(code);
  if (
    kind === PostgresFailure.Lost ||
    LOST.test(code) ||
    UNREACHABLE.test(code) ||
    /terminated|not queryable|connection error/i.test(message)
  ) {
    return new PostgresError(
      PostgresFailure.Lost,
      `The connection to ${server.text} was lost${reason(code, message)}. What it holds is whole up to the last bundle; run the same again, and it goes on from there.`,
    );
  }
  switch (kind) {
    case PostgresFailure.Permission:
      return permissionProblem(server, grant);
    case PostgresFailure.Busy:
      return new PostgresError(
        kind,
        `Another run works on the same batch in ${server.text}; wait until it is done, then run again.`,
      );
    default:
      return refusal(error, server);
  }
}

function permissionProblem(server: ServerName, grant: string): PostgresError {
  return new PostgresError(
    PostgresFailure.Permission,
    `The role of the connection string lacks a permission in ${server.text}; let its owner run: ${grant};`,
  );
}

function refusal(error: unknown, server: ServerName): PostgresError {
  const { code, message } = read(error);
  if (code === "25006") {
    return new PostgresError(
      PostgresFailure.Refused,
      `${capital(server.text)} can only be read: it is a standby; write the host of the primary into the connection string.`,
    );
  }
  if (code === "57014") {
    return new PostgresError(
      PostgresFailure.Refused,
      `${capital(server.text)} took too long for one statement and ended it; run again, and where that does not help, look for what keeps the server busy.`,
    );
  }
  // The server's own words may name what only the connection string knows.
  const isSafe = server.secrets.every((secret) => !message.includes(secret));
  const state = code === "" ? "" : ` (SQLSTATE ${code})`;
  return new PostgresError(
    PostgresFailure.Refused,
    `${capital(server.text)} refuses${state}${isSafe ? `: ${message}` : "; see the server's log"}.`,
  );
}

function kindOf(code: string): PostgresFailureKind {
  return (
    STATES.find(([pattern]) => pattern.test(code))?.[1] ??
    PostgresFailure.Refused
  );
}

function read(error: unknown): {
  readonly code: string;
  readonly message: string;
} {
  // Whatever realm the error is of: tests run in one of their own.
  const { code, message } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return {
    code: typeof code === "string" ? code : "",
    message: typeof message === "string" ? message : "",
  };
}

function reason(code: string, message: string): string {
  if (message.includes("timeout expired")) {
    return " in time";
  }
  return code === "" ? "" : ` (${code})`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A name as SQL has it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
