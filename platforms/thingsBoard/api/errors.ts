import { z } from "zod";
import { InputError } from "../../../pki/problem";

/** In what way a request went wrong. */
export const Fault = {
  /** Nobody answers at that address. */
  Unreachable: "unreachable",
  /** No answer in time. */
  Timeout: "timeout",
  /** The server is not the one the roots vouch for. */
  Tls: "tls",
  /** 401: the key, or user and password, do not count. */
  Unauthorized: "unauthorized",
  /** 403: they do, and may not. */
  Forbidden: "forbidden",
  /** 404. */
  NotFound: "notFound",
  /** 400, and the name or certificate is another's. */
  AlreadyExists: "alreadyExists",
  /** 409: somebody else changed it in the meantime. */
  VersionConflict: "versionConflict",
  /** 413. */
  TooLarge: "tooLarge",
  /** 429, still after the last attempt. */
  TooManyRequests: "tooManyRequests",
  /** 400 for any other reason. */
  Refused: "refused",
  /** 5xx, still after the last attempt. */
  Broken: "broken",
  /** Something that is no ThingsBoard, or not of a version that is known here. */
  NotThingsBoard: "notThingsBoard",
} as const;

/** A request to ThingsBoard that went wrong. Its text holds no secret. */
export class ThingsBoardError extends InputError {
  /**
   * @param fault one of {@link Fault}
   * @param path of the argument to look at: `url`, `apiKey`
   * @param said what ThingsBoard wrote, without secrets; empty where it did not
   */
  constructor(
    readonly fault: string,
    readonly path: string,
    message: string,
    readonly said = "",
  ) {
    super([{ path, message }]);
  }
}

/** Is an error of this kind? */
export function isFault(error: unknown, ...faults: readonly string[]): boolean {
  return error instanceof ThingsBoardError && faults.includes(error.fault);
}

const TLS_CODES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate is its own issuer, and unknown; give it, or its root, as caPem.",
  SELF_SIGNED_CERT_IN_CHAIN: "its root is unknown; give that root as caPem.",
  UNABLE_TO_GET_ISSUER_CERT:
    "the issuer of its certificate is unknown; give its root as caPem.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the issuer of its certificate is unknown; give its root as caPem, and let the server send its intermediates.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the issuer of its certificate is unknown; give its root as caPem, and let the server send its intermediates.",
  CERT_HAS_EXPIRED:
    "its certificate, or one above it, has expired; renew it there.",
  CERT_NOT_YET_VALID:
    "its certificate, or one above it, is not valid yet; look at the clocks.",
  CERT_SIGNATURE_FAILURE:
    "its certificate is not signed by a root of that name that is known; give its root as caPem.",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate is for other names than the one in the URL; write a name it has, or have one issued for this.",
};

/** What a connection that failed says of the arguments. */
export function connectionError(
  error: unknown,
  url: string,
  seconds: number,
): ThingsBoardError {
  const { code, name } = detailsOf(error);
  if (
    name === "AbortError" ||
    name === "TimeoutError" ||
    code === "ETIMEDOUT"
  ) {
    return new ThingsBoardError(
      Fault.Timeout,
      "url",
      `${url} does not answer within ${seconds} s; see whether it is busy or behind a firewall, or give it more with timeoutSeconds.`,
    );
  }
  const why = TLS_CODES[code];
  if (why !== undefined) {
    return new ThingsBoardError(
      Fault.Tls,
      code === "ERR_TLS_CERT_ALTNAME_INVALID" ? "url" : "caPem",
      `${url} is not trusted (${code}): ${why}`,
    );
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return new ThingsBoardError(
      Fault.Tls,
      "url",
      `${url} speaks no TLS that is understood here (${code}); see whether it is a plain port, and write http:// for one.`,
    );
  }
  return new ThingsBoardError(
    Fault.Unreachable,
    "url",
    `${url} cannot be reached (${code === "" ? "no connection" : code}); see that ThingsBoard runs there, and run this again.`,
  );
}

const detailsSchema = z.object({
  code: z.string().catch(""),
  name: z.string().catch(""),
});

function detailsOf(error: unknown): { code: string; name: string } {
  // Where a name has several addresses, each of them failed.
  const first =
    error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const none = { code: "", name: "" };
  return {
    ...(detailsSchema.safeParse(error).data ?? none),
    code: detailsSchema.safeParse(first).data?.code ?? "",
  };
}

/** What an answer with a status of its own says. */
export interface Refusal {
  readonly status: number;
  /** ThingsBoard's words, without secrets. */
  readonly said: string;
  /** `POST /api/deviceProfile` */
  readonly request: string;
  readonly url: string;
  /** Of the argument that the credentials stand in: `apiKey`, `password`. */
  readonly credentials: string;
}

/** The error for an answer that is no success. */
export function answerError(refusal: Refusal): ThingsBoardError {
  const { status, said, request, url, credentials } = refusal;
  const quoted = said === "" ? "" : ` ("${said}")`;
  const error = (fault: string, path: string, message: string) =>
    new ThingsBoardError(fault, path, message, said);
  switch (status) {
    case 401:
      return error(
        Fault.Unauthorized,
        credentials,
        `${url} does not take it${quoted}; give ${credentials === "apiKey" ? "a key that is there, enabled and not expired (API keys: ThingsBoard 4.3 and later)" : "the user's present password"}.`,
      );
    case 403:
      return error(
        Fault.Forbidden,
        credentials,
        `its user may not do this at ${url} (${request}: 403${quoted}); give one of a tenant administrator.`,
      );
    case 404:
      return error(
        Fault.NotFound,
        "url",
        `${url} has no such thing (${request}: 404${quoted}).`,
      );
    case 409:
      return error(
        Fault.VersionConflict,
        "",
        `somebody else changed it in ThingsBoard at the same moment (${request}: 409${quoted}); run this again.`,
      );
    case 413:
      return error(
        Fault.TooLarge,
        "",
        `${url} takes no body of that size (${request}: 413${quoted}); raise HTTP_MAX_PAYLOAD_SIZE there, or that of the proxy before it, or send fewer devices a request.`,
      );
    case 429:
      return error(
        Fault.TooManyRequests,
        "",
        `${url} takes no more requests for now (${request}: 429${quoted}); run this again later, or raise the limits of the tenant's profile.`,
      );
  }
  if (/already exists|already registered/i.test(said)) {
    return error(Fault.AlreadyExists, "", `${url} refuses it: ${said}`);
  }
  if (status >= 300 && status < 400) {
    return error(
      Fault.NotThingsBoard,
      "url",
      `${url} sends elsewhere (${request}: ${status}), and credentials are sent nowhere else; write the address it leads to.`,
    );
  }
  return status >= 500
    ? error(
        Fault.Broken,
        "",
        `${url} fails (${request}: ${status}${quoted}); see its log.`,
      )
    : error(
        Fault.Refused,
        "",
        `${url} refuses it (${request}: ${status}${quoted}).`,
      );
}
