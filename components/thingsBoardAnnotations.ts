import * as pulumi from "@pulumi/pulumi";
import { ThingsBoardListener } from "../platforms/thingsBoard/product";
import { BUNDLE_SHA256, CERTIFICATE_SHA256, sha256Of } from "./annotations";
import type { MadeCredentials } from "./thingsBoardCredentials";
import type { RequestedListener } from "./thingsBoardListeners";
import type { JudgedPlan } from "./thingsBoardPlan";

/** On a pod template: what changes exactly when the variables do. */
const CONFIGURATION_SHA256 = "mqtt-pki/configuration-sha256";
const CONNECTIVITY_SHA256 = "mqtt-pki/connectivity-sha256";
/** Not the name of `TrustBundle`'s own: a monolith has that for the roots of servers. */
const DEVICE_ROOTS_SHA256 = "mqtt-pki/device-bundle-sha256";

/** By listener, where no version reloads it, or not in every process. */
const OF_NODE: Readonly<Record<string, string>> = {
  [ThingsBoardListener.Http]: "mqtt-pki/https-certificate-sha256",
  [ThingsBoardListener.EdgeRpc]: "mqtt-pki/edge-rpc-certificate-sha256",
};

/** What the annotations are made of. */
export interface AnnotationSources {
  readonly plan: pulumi.Output<JudgedPlan>;
  readonly requested: readonly RequestedListener[];
  readonly credentials: readonly MadeCredentials[];
  readonly environment: pulumi.Output<Record<string, string>>;
  readonly secretEnvironmentNames: pulumi.Output<string[]>;
  readonly connectivityEnvironment: pulumi.Output<Record<string, string>>;
  readonly bundlePem: pulumi.Output<string>;
  /** Of the roots by which LwM2M knows devices; undefined where there are none, or nobody knows. */
  readonly deviceRootsSha256: pulumi.Input<string> | undefined;
}

/** Annotations of pod templates, by which pods are replaced exactly when what they read at the start has changed. */
export interface PodAnnotations {
  readonly pods: pulumi.Output<Record<string, string>>;
  readonly configuration: pulumi.Output<Record<string, string>>;
  readonly node: pulumi.Output<Record<string, string>>;
}

/** Makes the annotations. Of passwords only the names go in: a digest could be tried out. */
export function annotationsOf(sources: AnnotationSources): PodAnnotations {
  const { plan, environment, secretEnvironmentNames } = sources;
  const { deviceRootsSha256 } = sources;
  const configuration = pulumi
    .all([environment, secretEnvironmentNames])
    .apply(([variables, names]) => sha256Of(textOf(variables, names)))
    .apply((text): Record<string, string> => ({
      [CONFIGURATION_SHA256]: text,
    }));
  const reloads = plan.apply((known) => known.reloads);
  return {
    configuration,
    pods: reloads.apply((itself) =>
      itself
        ? pulumi.output<Record<string, string>>({})
        : pulumi
            .all([
              certificates(sources),
              configuration,
              pulumi.output(deviceRootsSha256),
            ])
            .apply(([certificate, rest, deviceRoots]) => ({
              ...certificate,
              ...rest,
              ...(deviceRoots !== undefined && {
                [DEVICE_ROOTS_SHA256]: deviceRoots,
              }),
            })),
    ),
    node: nodeAnnotations(sources),
  };
}

/** Of one certificate the same figure as `ServerCertificate.podAnnotations`. */
function certificates({
  requested,
  credentials,
}: AnnotationSources): pulumi.Output<Record<string, string>> {
  const served = new Set(
    credentials.filter(
      (_made, index) =>
        requested[index]?.listener !== ThingsBoardListener.EdgeRpc,
    ),
  );
  const chains = [...served].flatMap(({ certificatesPem }) =>
    certificatesPem === undefined ? [] : [certificatesPem],
  );
  return sha256Of(pulumi.all(chains).apply((texts) => texts.join(""))).apply(
    (text): Record<string, string> => ({ [CERTIFICATE_SHA256]: text }),
  );
}

function nodeAnnotations({
  requested,
  credentials,
  connectivityEnvironment,
  bundlePem,
}: AnnotationSources): pulumi.Output<Record<string, string>> {
  const digests = requested.flatMap(({ listener }, index) => {
    const key = OF_NODE[listener];
    const pem = credentials[index]?.certificatesPem;
    return key === undefined || pem === undefined
      ? []
      : [sha256Of(pem).apply((text): [string, string] => [key, text])];
  });
  return pulumi
    .all([
      pulumi.all(digests),
      connectivityEnvironment,
      sha256Of(bundlePem),
      connectivityEnvironment.apply((variables) =>
        sha256Of(textOf(variables, [])),
      ),
    ])
    .apply(([known, connectivity, bundle, shown]): Record<string, string> => ({
      ...Object.fromEntries(known),
      ...(Object.keys(connectivity).length > 0 && {
        [BUNDLE_SHA256]: bundle,
        [CONNECTIVITY_SHA256]: shown,
      }),
    }));
}

/** One text for the same variables, whatever their order. */
function textOf(
  variables: Readonly<Record<string, string>>,
  names: readonly string[],
): string {
  return JSON.stringify([
    Object.entries(variables).sort(([one], [other]) => (one < other ? -1 : 1)),
    names,
  ]);
}
