import { z } from "zod";
import { wouldThingsBoardStart } from "../pki/examine/thingsBoard";
import { wouldThingsBoardStartWithKeystore } from "../pki/examine/thingsBoardKeystore";
import { InputError } from "../pki/problem";
import * as schema from "./schema";
import type { Properties } from "./wire";

const argumentsSchema = z.strictObject({
  loader: z.string().exactOptional(),
  certFileText: z.string().exactOptional(),
  keyFileText: z.string().exactOptional(),
  keyPassword: z.string().exactOptional(),
  keystoreBase64: z.string().exactOptional(),
  keystorePassword: z.string().exactOptional(),
  keyAlias: z.string().exactOptional(),
});

/**
 * `mqtt-pki:index:checkThingsBoardFiles`: would ThingsBoard start with these
 * files? It reads nothing but its arguments, and its answer holds no secret.
 */
export function checkThingsBoardFiles(args: Properties): Properties {
  const {
    certFileText,
    keyFileText,
    keystoreBase64,
    keystorePassword,
    keyAlias,
    ...common
  } = schema.required(argumentsSchema, args);
  if ((certFileText === undefined) === (keystoreBase64 === undefined)) {
    throw new InputError([
      {
        path: "certFileText",
        message:
          "or keystoreBase64 is what ThingsBoard gets; give one of the two.",
      },
    ]);
  }
  refuseUnused(
    keystoreBase64 === undefined
      ? { keystorePassword, keyAlias }
      : { keyFileText },
    keystoreBase64 === undefined ? "certFileText" : "keystoreBase64",
  );
  return {
    ...(keystoreBase64 === undefined
      ? wouldThingsBoardStart({
          ...common,
          certFileText: certFileText ?? "",
          ...(keyFileText !== undefined && { keyFileText }),
        })
      : wouldThingsBoardStartWithKeystore({
          ...common,
          content: Buffer.from(keystoreBase64, "base64"),
          ...(keystorePassword !== undefined && { keystorePassword }),
          ...(keyAlias !== undefined && { keyAlias }),
        })),
  };
}

/** Whoever gives them means files that nobody would look at. */
function refuseUnused(
  given: Readonly<Record<string, string | undefined>>,
  form: string,
): void {
  const problems = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([path]) => ({
      path,
      message: `does not go with ${form}; leave it out.`,
    }));
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}
