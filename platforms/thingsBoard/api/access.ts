import { isIP } from "node:net";
import { splitCertificates } from "../../../pki/pem";
import type { Problem } from "../../../pki/problem";
import { InputError, quote } from "../../../pki/problem";

/** Where a ThingsBoard is, and as whom it is spoken to. */
export interface ThingsBoardAccess {
  /** `https://thingsboard.example.com`, with a path where it has one. */
  readonly url: string;
  /** Of a tenant administrator; ThingsBoard 4.3 and later. */
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  /** Roots that vouch for the server, PEM; in the place of those Node brings. */
  readonly caPem?: string;
  /** How long a request may take. Default 60. */
  readonly timeoutSeconds?: number;
}

/** As a program gives it: what is left out comes from the environment. */
export type AskedAccess = Partial<ThingsBoardAccess>;

/** What of the environment counts, and only where a program leaves it out. */
export const ACCESS_VARIABLES = {
  url: "THINGSBOARD_URL",
  apiKey: "THINGSBOARD_API_KEY",
  username: "THINGSBOARD_USERNAME",
  password: "THINGSBOARD_PASSWORD",
} as const;

/** Names a file of roots, in the place of `caPem`. */
export const CA_FILE_VARIABLE = "THINGSBOARD_CA_FILE";

/**
 * Completes what a program leaves out from the environment: the URL, and the
 * credentials where it gives none of any kind.
 *
 * @param environment such as `process.env`
 * @param readFile reads the file that `THINGSBOARD_CA_FILE` names
 */
export function completeAccess(
  asked: AskedAccess,
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): AskedAccess {
  const from = (name: string): string | undefined => {
    const value = environment[name];
    return value === "" ? undefined : value;
  };
  const url = asked.url ?? from(ACCESS_VARIABLES.url);
  const { apiKey, username, password } = hasCredentials(asked)
    ? asked
    : credentialsFrom(from);
  const file = asked.caPem === undefined ? from(CA_FILE_VARIABLE) : undefined;
  const caPem = file === undefined ? asked.caPem : readFile(file);
  return {
    ...(url !== undefined && { url: url.replace(/\/+$/, "") }),
    ...(apiKey !== undefined && { apiKey }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(caPem !== undefined && { caPem }),
    ...(asked.timeoutSeconds !== undefined && {
      timeoutSeconds: asked.timeoutSeconds,
    }),
  };
}

function hasCredentials({ apiKey, username, password }: AskedAccess): boolean {
  return (
    apiKey !== undefined || username !== undefined || password !== undefined
  );
}

function credentialsFrom(
  from: (name: string) => string | undefined,
): AskedAccess {
  const apiKey = from(ACCESS_VARIABLES.apiKey);
  const username = from(ACCESS_VARIABLES.username);
  const password = from(ACCESS_VARIABLES.password);
  return apiKey !== undefined
    ? { apiKey }
    : {
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      };
}

/**
 * Every mistake in an access that is complete; empty where there is none.
 * Names no secret, and asks nobody.
 */
export function checkAccess(access: AskedAccess): Problem[] {
  return [
    ...urlProblems(access.url),
    ...credentialProblems(access),
    ...caProblems(access.caPem),
    ...timeoutProblems(access.timeoutSeconds),
  ];
}

function urlProblems(url: string | undefined): Problem[] {
  const path = "url";
  if (url === undefined) {
    return [
      {
        path,
        message: `is missing; write "https://thingsboard.example.com", or set ${ACCESS_VARIABLES.url}.`,
      },
    ];
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    return [
      {
        path,
        message: `${quote(withoutPassword(url))} is no http or https address; write "https://thingsboard.example.com".`,
      },
    ];
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return [
      {
        path,
        message: `${quote(withoutPassword(url))} holds a user or a password; give username and password, or apiKey, instead.`,
      },
    ];
  }
  return parsed.search !== "" || parsed.hash !== ""
    ? [
        {
          path,
          message: `${quote(url)} holds "?" or "#"; write the address of the server alone.`,
        },
      ]
    : [];
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}

function credentialProblems({
  apiKey,
  username,
  password,
}: AskedAccess): Problem[] {
  if (apiKey !== undefined) {
    const both = username !== undefined || password !== undefined;
    return [
      ...(both
        ? [
            {
              path: "apiKey",
              message:
                "is given beside username or password; give one or the other.",
            },
          ]
        : []),
      // What is no visible ASCII cannot stand in a header.
      ...(/^[\x21-\x7e]+$/.test(apiKey)
        ? []
        : [
            {
              path: "apiKey",
              message:
                "is empty, or holds blanks, line breaks or other characters that no key has; give the key as ThingsBoard showed it.",
            },
          ]),
    ];
  }
  if (username === undefined && password === undefined) {
    return [
      {
        path: "apiKey",
        message: `is missing; make one in ThingsBoard (Account, Security, API keys; 4.3 and later), or give username and password, or set ${ACCESS_VARIABLES.apiKey}.`,
      },
    ];
  }
  return (["username", "password"] as const)
    .filter(
      (name) =>
        ({ username, password })[name]?.trim() === undefined ||
        { username, password }[name] === "",
    )
    .map((path) => ({
      path,
      message: "is missing; give both, username and password.",
    }));
}

function caProblems(caPem: string | undefined): Problem[] {
  const path = "caPem";
  if (caPem === undefined) {
    return [];
  }
  if (caPem.includes("PRIVATE KEY")) {
    return [
      {
        path,
        message: "holds a private key; give certificates alone.",
      },
    ];
  }
  try {
    return splitCertificates(caPem, path).length > 0
      ? []
      : [
          {
            path,
            message:
              'holds no PEM block "BEGIN CERTIFICATE"; give the text of the roots, not a file name.',
          },
        ];
  } catch (error) {
    if (error instanceof InputError) {
      return [...error.problems];
    }
    throw error;
  }
}

function timeoutProblems(seconds: number | undefined): Problem[] {
  return seconds === undefined || (seconds >= 1 && seconds <= 3600)
    ? []
    : [
        {
          path: "timeoutSeconds",
          message: `${quote(seconds)} is no time for a request; write 1 to 3600, usually 60.`,
        },
      ];
}

/** Would key or password travel for everybody to read? */
export function isPlainText({ url }: AskedAccess): boolean {
  if (url === undefined || !URL.canParse(url)) {
    return false;
  }
  const { protocol, hostname } = new URL(url);
  const loopback =
    hostname === "localhost" ||
    hostname === "[::1]" ||
    (isIP(hostname) === 4 && hostname.startsWith("127."));
  return protocol === "http:" && !loopback;
}
