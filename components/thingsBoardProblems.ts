import { ThingsBoardListener } from "../platforms/thingsBoard/product";
import { otherRootProblem } from "../platforms/thingsBoard/trustInChain";
import type { BundleTrustArgs } from "../resources";
import type { ThingsBoardMqttArgs } from "./thingsBoardArgs";
import type { RequestedListener } from "./thingsBoardListeners";
import { CredentialsForm } from "./thingsBoardListeners";

/** What is wrong with a listener that is asked for, as far as the program alone says so. */
export function listenerProblems(
  requested: RequestedListener,
  args: ThingsBoardMqttArgs,
  reloads: boolean,
): string[] {
  return [
    ...missingOutputs(requested, reloads),
    ...unusedMountPath(requested),
    ...strangeDevices(requested, args),
  ];
}

/** What a listener needs of a certificate that is given by outputs, and that is not there. */
function missingOutputs(
  { form, server, serverPath, listener }: RequestedListener,
  reloads: boolean,
): string[] {
  const made = form !== CredentialsForm.Server;
  const annotated =
    !reloads ||
    listener === ThingsBoardListener.EdgeRpc ||
    listener === ThingsBoardListener.Http;
  return [
    ...((made || annotated) && server.chainPem === undefined
      ? [
          `${serverPath}.chainPem: is missing; give the ServerCertificate itself, or its chain, ${made ? "which goes into the Secret" : "by which pods are restarted when it changes"}.`,
        ]
      : []),
    ...(made && server.privateKeyPem === undefined
      ? [
          `${serverPath}.privateKeyPem: is missing; give the ServerCertificate itself, or its key, which goes into the Secret.`,
        ]
      : []),
  ];
}

/** A path that nothing is mounted at: the listener has its files from MQTT's. */
function unusedMountPath({ path, idleMountPath }: RequestedListener): string[] {
  const [group = path] = path.split(".");
  return idleMountPath
    ? [
        `${group}.mountPath: is of a certificate that ${group} has not; give ${group}.server, or leave it out.`,
      ]
    : [];
}

/** Devices that TBMQ would not know, as far as the program alone says so. */
function strangeDevices(
  { form, server, serverPath }: RequestedListener,
  { deviceAuthority }: ThingsBoardMqttArgs,
): string[] {
  if (form !== CredentialsForm.WithRoot || serverPath !== "server") {
    return [];
  }
  const problem = otherRootProblem(
    rootsOf(server.trust),
    rootsOf(deviceAuthority?.trust),
  );
  return problem === "" ? [] : [`deviceAuthority: ${problem}`];
}

/** The names of roots that are known while the program runs. */
function rootsOf(trust: BundleTrustArgs | undefined): string[] {
  const generations: unknown = trust?.generations;
  return Array.isArray(generations)
    ? generations.flatMap((generation: unknown) => {
        const { authority } = (generation ?? {}) as { authority?: unknown };
        return typeof authority === "string" ? [authority] : [];
      })
    : [];
}
