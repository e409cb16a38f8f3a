import * as pulumi from "@pulumi/pulumi";
import type { CheckThingsBoardFilesArgs } from "../resources";
import { checkThingsBoardFiles } from "../resources";

/**
 * Ends the program where ThingsBoard would not serve TLS with these files.
 * What is made of the output it answers is then never registered.
 *
 * @param path the argument that the files come from, for the message
 * @throws RunError, by the output
 * @example
 * ```ts
 * const accepted = acceptedByThingsBoard(name, "server", { certFileText, keyFileText }, this);
 * const data = pulumi.all([accepted, text]).apply(([, known]) => secretData(known));
 * ```
 */
export function acceptedByThingsBoard(
  component: string,
  path: string,
  args: CheckThingsBoardFilesArgs,
  parent: pulumi.Resource,
): pulumi.Output<void> {
  return checkThingsBoardFiles(args, { parent }).apply(({ ok, message }) => {
    if (!ok) {
      throw new pulumi.RunError(`${component}: ${path}: ${message}`);
    }
  });
}
