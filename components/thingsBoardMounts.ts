import * as pulumi from "@pulumi/pulumi";
import { ThingsBoardListener } from "../platforms/thingsBoard/product";
import type { ThingsBoardMount, ThingsBoardMqttArgs } from "./thingsBoardArgs";
import type { MadeCredentials } from "./thingsBoardCredentials";
import type { RequestedListener } from "./thingsBoardListeners";
import { DEFAULT_DEVICE_ROOTS_MOUNT } from "./thingsBoardPlan";

/** The volumes: one for each Secret, the roots that are handed out, the roots of LwM2M's devices. */
export function mountsOf(
  { connectivity, lwm2m }: ThingsBoardMqttArgs,
  requested: readonly RequestedListener[],
  credentials: readonly MadeCredentials[],
  bundleConfigMapName: pulumi.Output<string>,
  bundleMountPath: pulumi.Output<string>,
): pulumi.Output<ThingsBoardMount[]> {
  const volumes = [...new Set(requested.map(({ volume }) => volume))];
  const secrets = volumes.map((volume) => {
    const index = requested.findIndex((one) => one.volume === volume);
    return {
      name: volume,
      kind: "Secret",
      objectName: credentials[index]?.secretName ?? "",
      mountPath: requested[index]?.mountPath ?? "",
      listeners: [
        ...new Set(
          requested
            .filter((one) => one.volume === volume)
            .map(({ listener }) => processOf(listener)),
        ),
      ],
    };
  });
  const deviceRoots = lwm2m?.deviceRoots;
  return pulumi.output([
    ...secrets,
    ...(connectivity === undefined
      ? []
      : [
          {
            name: "mqtt-pki-ca",
            kind: "ConfigMap",
            objectName: bundleConfigMapName,
            mountPath: bundleMountPath,
            listeners: ["connectivity"],
          },
        ]),
    ...(deviceRoots === undefined
      ? []
      : [
          {
            name: "mqtt-pki-device-ca",
            kind: "ConfigMap",
            objectName: deviceRoots.configMapName,
            mountPath: deviceRoots.mountPath ?? DEFAULT_DEVICE_ROOTS_MOUNT,
            listeners: [ThingsBoardListener.Lwm2m],
          },
        ]),
  ]);
}

/** LwM2M and its bootstrap server are one process. */
function processOf(listener: string): string {
  return listener === ThingsBoardListener.Lwm2mBootstrap
    ? ThingsBoardListener.Lwm2m
    : listener;
}
