import { isMap, parse, type PropertyMap } from "../../../values";

/** A detail of why the API refuses, such as one field of many. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** An answer of the API that is no success, as its `Status` says it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** `AlreadyExists`, `Conflict`, `Forbidden`, …; empty where what answers is not the API itself. */
  readonly reason: string;
  /** What the object that it is about is a kind of: the plural, or empty. */
  readonly about: string;
  readonly causes: Cause[];
  /** Seconds after which to ask again, where the answer says so. */
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: number,
    body: string,
    headers: Record<string, string>,
    /** The server's clock when it answered, in milliseconds; `undefined` where it does not say. */
    readonly date: number | undefined,
  ) {
    const status = statusOf(body);
    super(textIn(status, "message") || `answers ${code}`);
    const details = isMap(status.details) ? status.details : {};
    this.reason = textIn(status, "reason");
    this.about = textIn(details, "kind");
    this.causes = Array.isArray(details.causes)
      ? details.causes.filter(isMap).map((cause) => ({
          reason: textIn(cause, "reason"),
          message: textIn(cause, "message"),
          field: textIn(cause, "field"),
        }))
      : [];
    const seconds = Number(headers["retry-after"] ?? details.retryAfterSeconds);
    this.retryAfter =
      Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  }

  /** Whether the API does not have the kind at all, other than an object of it. */
  get isUnknownKind(): boolean {
    return this.code === 404 && this.about === "";
  }
}

/** No answer: whether the request got as far as the API is what `isSent` says. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** Whether the API may have done what it was asked. */
  readonly isSent: boolean;

  constructor(override readonly cause: unknown) {
    super("no answer");
    const code = connectionCode(cause);
    this.isSent = typeof code !== "string" || !NEVER_SENT.has(code);
  }
}

/** Codes of failures before anything is sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The code of a failed connection, however deep the client of the API wraps it. */
export function connectionCode(error: unknown): unknown {
  if (typeof error !== "object" || error === null) {
    return undefined;
  }
  if ("code" in error && typeof error.code === "string") {
    return error.code;
  }
  if ("errors" in error && Array.isArray(error.errors)) {
    return connectionCode(error.errors[0]);
  }
  return "cause" in error ? connectionCode(error.cause) : undefined;
}

function statusOf(body: string): PropertyMap {
  try {
    const parsed = parse(JSON.parse(body));
    return isMap(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function textIn(map: PropertyMap, key: string): string {
  const value = map[key];
  return typeof value === "string" ? value : "";
}
