import { type ServiceError, status } from "@grpc/grpc-js";

/** A method of a plugin's client. */
export type Call<Request, Response> = (
  request: Request,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** Calls a method of a plugin; fails with a `PluginError` if the plugin does. */
export function call<Request, Response>(
  method: Call<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, (error, response) => {
      if (error === null) {
        resolve(response);
      } else {
        reject(new PluginError(error));
      }
    });
  });
}

/** What a plugin answered instead of a result; the message is the plugin's own, without gRPC's prefix. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  /** Whether the plugin went away over the request, instead of answering it. */
  readonly outcomeUnknown: boolean;

  constructor(override readonly cause: ServiceError) {
    const { code, details } = cause;
    super(
      code === status.UNAVAILABLE
        ? `the plugin has stopped (${details})`
        : details,
    );
    const isBroken =
      code === status.UNAVAILABLE ||
      code === status.CANCELLED ||
      details.includes("RST_STREAM");
    // Without a connection the request was never sent.
    this.outcomeUnknown =
      isBroken && !details.startsWith("No connection established");
  }
}
