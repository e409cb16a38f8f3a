import { readFileSync } from "node:fs";
import { z } from "zod";
import type {
  AskedAccess,
  ThingsBoardAccess,
} from "../platforms/thingsBoard/api/access";
import {
  CA_FILE_VARIABLE,
  checkAccess,
  completeAccess,
  isPlainText,
} from "../platforms/thingsBoard/api/access";
import type { ClientOptions } from "../platforms/thingsBoard/api/client";
import { ThingsBoardClient } from "../platforms/thingsBoard/api/client";
import { ThingsBoardError } from "../platforms/thingsBoard/api/errors";
import type { Problem } from "../pki/problem";
import { InputError, below, quote } from "../pki/problem";
import { inform } from "./engineLog";
import type { Properties } from "./wire";
import { secret } from "./wire";

/** Where a ThingsBoard is, in the inputs of each resource that is about one. */
export const serverInputs = z.strictObject({
  url: z.string().exactOptional(),
  apiKey: z.string().exactOptional(),
  username: z.string().exactOptional(),
  password: z.string().exactOptional(),
  caPem: z.string().exactOptional(),
  timeoutSeconds: z.number().exactOptional(),
});

/** Where a ThingsBoard is; what is left out, the environment says. */
export type ServerInputs = z.infer<typeof serverInputs>;

const PATH = "server";

/** The mistakes in it; asks nobody. */
export function serverProblems(server: ServerInputs | undefined): Problem[] {
  if (server === undefined) {
    return [];
  }
  try {
    return below(PATH, checkAccess(completed(server)));
  } catch (error) {
    if (error instanceof InputError) {
      return [...error.problems];
    }
    throw error;
  }
}

/** Tells once that credentials would travel for everybody to read. */
export async function warnOfPlainText(
  urn: string,
  server: ServerInputs | undefined,
  before: ServerInputs | undefined,
): Promise<void> {
  if (
    server !== undefined &&
    server.url !== before?.url &&
    isPlainText(server)
  ) {
    await inform(
      urn,
      `server.url: ${quote(server.url)} is not encrypted, and the credentials of a tenant administrator go over it; put https in front of ThingsBoard.`,
      "warning",
    );
  }
}

/** Would the same be spoken to, as the same user? */
export function sameServer(
  one: ServerInputs | undefined,
  other: ServerInputs | undefined,
): boolean {
  const keyOf = (server: ServerInputs | undefined): string =>
    server === undefined ? "" : JSON.stringify(completed(server));
  try {
    return keyOf(one) === keyOf(other);
  } catch (error) {
    if (error instanceof InputError) {
      return false;
    }
    throw error;
  }
}

/** What an import has instead of arguments: all of it from the environment. */
export function serverOfEnvironment(): ServerInputs {
  return completed({});
}

/** As an output: a refresh and a deletion get no inputs, and need it again. */
export function serverOutput(server: ServerInputs | undefined): Properties {
  if (server === undefined) {
    return {};
  }
  const isPublic = server.apiKey === undefined && server.password === undefined;
  return { server: isPublic ? server : secret(server) };
}

/**
 * Speaks to a ThingsBoard.
 *
 * @throws InputError naming the argument to look at
 */
export async function withClient<T>(
  server: ServerInputs,
  action: (client: ThingsBoardClient) => Promise<T>,
  options: ClientOptions = {},
): Promise<T> {
  const access = completed(server);
  const problems = checkAccess(access);
  if (problems.length > 0) {
    throw new InputError(below(PATH, problems));
  }
  const client = new ThingsBoardClient(access as ThingsBoardAccess, options);
  try {
    return await action(client);
  } catch (error) {
    if (!(error instanceof ThingsBoardError)) {
      throw error;
    }
    throw new ThingsBoardError(
      error.fault,
      error.path === "" ? PATH : `${PATH}.${error.path}`,
      error.problems[0]?.message ?? "",
      error.said,
    );
  } finally {
    client.close();
  }
}

function completed(server: ServerInputs): AskedAccess {
  return completeAccess(server, process.env, (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      throw new InputError([
        {
          path: `${PATH}.caPem`,
          message: `cannot be read from ${quote(path)}, which ${CA_FILE_VARIABLE} names; name a file that is there.`,
        },
      ]);
    }
  });
}
