import * as pulumi from "@pulumi/pulumi";
import {
  DEFAULT_PROFILE_NAME,
  checkDeviceProfile,
  deviceProfileText,
} from "../platforms/thingsBoard/deviceProfile";
import {
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../platforms/thingsBoard/product";
import { bundleAnnotations } from "./annotations";
import { checkedName, refuse } from "./kubernetes";
import type { ObjectOptions } from "./namedObjects";
import { createConfigMap, createSecret } from "./namedObjects";
import { rememberPublication } from "./publication";
import { annotationsOf } from "./thingsBoardAnnotations";
import type { ThingsBoardMount, ThingsBoardMqttArgs } from "./thingsBoardArgs";
import type { MadeCredentials } from "./thingsBoardCredentials";
import {
  environmentSecretName,
  makeCredentials,
} from "./thingsBoardCredentials";
import type { RequestedListener } from "./thingsBoardListeners";
import { CredentialsForm, requestedListeners } from "./thingsBoardListeners";
import { mountsOf } from "./thingsBoardMounts";
import { ownedByThingsBoard } from "./thingsBoardNames";
import {
  DEFAULT_BUNDLE_MOUNT,
  judgePlan,
  passwordsOf,
} from "./thingsBoardPlan";

/**
 * ThingsBoard's side of MQTT over TLS: a ConfigMap with the variables of its
 * listeners, a ConfigMap with the roots for devices, and the device profile
 * that lets devices provision themselves by their certificate chain. Where a
 * key or a store has a password, a Secret with the variables for it as well.
 * For `tb-mqtt-transport` and `tb-node`, ThingsBoard Edge, and TBMQ.
 *
 * MQTT comes with it; HTTP, CoAP, LwM2M, Edge's gRPC, and MQTT over WebSocket
 * are asked for. `ThingsBoardWorkload` brings all of it to the pods.
 *
 * Refused in the preview: files with which ThingsBoard would not start or fail
 * in every handshake, devices that TBMQ would not know, DTLS without an EC key,
 * and what the version has not yet.
 *
 * Source: thingsboard.yml, tb-edge.yml and thingsboard-mqtt-broker.yml, and the
 * user guides "MQTT over SSL" and "X.509 certificate chain" of ThingsBoard.
 *
 * @example
 * ```ts
 * new ThingsBoardMqtt("thingsboard", { server, namespace: "thingsboard", version: "4.3.1.2", provider });
 * ```
 */
export class ThingsBoardMqtt extends pulumi.ComponentResource {
  /** One of `ThingsBoardProduct`. */
  readonly product: string;
  readonly namespace: pulumi.Output<string>;
  readonly configMapName: pulumi.Output<string>;
  readonly bundleConfigMapName: pulumi.Output<string>;
  /** Name of the Secret with the variables that are passwords; empty where there are none. */
  readonly environmentSecretName: pulumi.Output<string>;
  /** The variables in that Secret, in alphabetical order. */
  readonly secretEnvironmentNames: pulumi.Output<string[]>;
  /** The variables of the ConfigMap, by name. */
  readonly environment: pulumi.Output<Record<string, string>>;
  /** Name of the Secret to mount at {@link mountPath}: the server's, or one with a key store, or with TBMQ's files. */
  readonly secretName: pulumi.Output<string>;
  readonly mountPath: pulumi.Output<string>;
  /** Where the roots for devices are mounted by what hands them out. */
  readonly bundleMountPath: pulumi.Output<string>;
  /** All volumes, those named above included. */
  readonly mounts: pulumi.Output<ThingsBoardMount[]>;
  /** The ports that are opened beside the plain ones: `mqtts`, and on request `coaps`, `lwm2ms`, `lwm2ms-bs` (these three UDP), `wss`. */
  readonly ports: pulumi.Output<Record<string, number>>;
  /** `DEVICE_CONNECTIVITY_*`, for `tb-node` or Edge alone. */
  readonly connectivityEnvironment: pulumi.Output<Record<string, string>>;
  /** Name of the ConfigMap with them; empty where there are none. */
  readonly connectivityConfigMapName: pulumi.Output<string>;
  /** For the template of the pods that serve MQTT: what changes with the certificate or the variables. Empty where the version reloads certificates by itself. */
  readonly podAnnotations: pulumi.Output<Record<string, string>>;
  /** For those pods in every version: what changes with the variables, which are read at the start. */
  readonly configurationAnnotations: pulumi.Output<Record<string, string>>;
  /** For the template of `tb-node`: what no version reloads there, HTTPS beside transports of their own, Edge's gRPC, the CA file for devices. */
  readonly nodeAnnotations: pulumi.Output<Record<string, string>>;
  /** Body for `POST /api/deviceProfile`, JSON; empty where no device authority is given, and for TBMQ. */
  readonly deviceProfile: pulumi.Output<string>;

  constructor(
    name: string,
    args: ThingsBoardMqttArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("mqtt-pki:index:ThingsBoardMqtt", name, {}, opts);
    const child: ObjectOptions = {
      parent: this,
      ...(args.provider !== undefined && { provider: args.provider }),
    };
    const requested = requestedListeners(args);
    const plan = judgePlan(name, args, requested);
    const credentials = credentialsOf(name, args, requested, child);
    const [first] = credentials;
    this.product = args.product ?? ThingsBoardProduct.ThingsBoard;
    this.namespace = pulumi.output(args.namespace);
    // What was judged and refused is never named anywhere.
    this.environment = pulumi
      .all([plan, pulumi.all(credentials.map(({ accepted }) => accepted))])
      .apply(([{ environment }]) => environment);
    this.ports = plan.ports;
    this.secretName = first?.secretName ?? pulumi.output("");
    this.mountPath = pulumi.output(args.mountPath ?? "/ssl-config");
    this.bundleMountPath = pulumi.output(
      args.bundleMountPath ?? DEFAULT_BUNDLE_MOUNT,
    );

    const configMapName =
      args.configMapName ?? pulumi.interpolate`${args.server.secretName}-env`;
    this.configMapName = createConfigMap(
      `${name}-env`,
      checkedName(
        args.namespace,
        configMapName,
        {
          component: name,
          namespace: "namespace",
          name:
            args.configMapName === undefined
              ? "server.secretName"
              : "configMapName",
        },
        ownedByThingsBoard,
      ),
      this.environment,
      child,
    ).metadata.name;
    this.bundleConfigMapName = this.publishBundle(
      name,
      args,
      configMapName,
      child,
    );
    const passwords = passwordsOf(args, requested);
    this.secretEnvironmentNames = pulumi.output(
      passwords.map(([variable]) => variable).sort(),
    );
    this.environmentSecretName = createPasswordSecret(
      name,
      args,
      requested,
      passwords.map(([variable, listener]) => [
        variable,
        credentials[requested.indexOf(listener)],
      ]),
      child,
    );
    this.connectivityEnvironment = plan.connectivityEnvironment;
    this.connectivityConfigMapName = this.publishConnectivity(
      name,
      args,
      configMapName,
      child,
    );
    this.mounts = mountsOf(
      args,
      requested,
      credentials,
      this.bundleConfigMapName,
      this.bundleMountPath,
    );
    const annotations = annotationsOf({
      plan,
      requested,
      credentials,
      environment: this.environment,
      secretEnvironmentNames: this.secretEnvironmentNames,
      connectivityEnvironment: this.connectivityEnvironment,
      bundlePem: pulumi.output(args.server.trustAnchorsPem),
      deviceRootsSha256: args.lwm2m?.deviceRoots?.bundleSha256,
    });
    this.podAnnotations = annotations.pods;
    this.configurationAnnotations = annotations.configuration;
    this.nodeAnnotations = annotations.node;
    this.deviceProfile = deviceProfileOf(name, args);
    this.registerOutputs({
      configMapName: this.configMapName,
      bundleConfigMapName: this.bundleConfigMapName,
      environmentSecretName: this.environmentSecretName,
      environment: this.environment,
      deviceProfile: this.deviceProfile,
    });
  }

  private publishBundle(
    name: string,
    { server, namespace, bundleConfigMapName }: ThingsBoardMqttArgs,
    other: pulumi.Input<string>,
    opts: ObjectOptions,
  ): pulumi.Output<string> {
    const object = checkedName(
      namespace,
      bundleConfigMapName ?? "mqtt-ca-bundle",
      { component: name, namespace: "namespace", name: "bundleConfigMapName" },
      ownedByThingsBoard,
      [other],
    );
    const configMap = createConfigMap(
      `${name}-ca-bundle`,
      object,
      { "ca-bundle.pem": server.trustAnchorsPem },
      opts,
      bundleAnnotations(server),
    );
    rememberPublication(
      configMap,
      `${name}-ca-bundle-publication`,
      pulumi.interpolate`${object.name} in ${object.namespace}`,
      server,
      this,
    );
    return configMap.metadata.name;
  }

  private publishConnectivity(
    name: string,
    args: ThingsBoardMqttArgs,
    configMapName: pulumi.Input<string>,
    opts: ObjectOptions,
  ): pulumi.Output<string> {
    const { connectivity, namespace, server } = args;
    if (connectivity === undefined) {
      return pulumi.output("");
    }
    return createConfigMap(
      `${name}-connectivity`,
      checkedName(
        namespace,
        connectivity.configMapName ??
          pulumi.interpolate`${server.secretName}-connectivity`,
        {
          component: name,
          namespace: "namespace",
          name: "connectivity.configMapName",
        },
        ownedByThingsBoard,
        [configMapName, args.bundleConfigMapName ?? "mqtt-ca-bundle"],
      ),
      this.connectivityEnvironment,
      opts,
    ).metadata.name;
  }
}

/** The Secret of each listener, in their order; those with one certificate have one. */
function credentialsOf(
  component: string,
  args: ThingsBoardMqttArgs,
  requested: readonly RequestedListener[],
  opts: ObjectOptions,
): MadeCredentials[] {
  const made: { one: RequestedListener; credentials: MadeCredentials }[] = [];
  return requested.map((one) => {
    const found = made.find(
      ({ one: { volume, form, server } }) =>
        volume === one.volume ||
        // The server's own Secret has other file names for those that are not MQTT.
        (form !== CredentialsForm.Server &&
          form === one.form &&
          server === one.server),
    );
    if (found !== undefined) {
      return found.credentials;
    }
    const suffix =
      one.listener === ThingsBoardListener.Mqtt ? "" : `-${one.listener}`;
    const credentials = makeCredentials(
      component,
      `${component}${suffix}`,
      one,
      args,
      [
        ...requested.map(({ server }) => server.secretName),
        ...made.map((other) => other.credentials.objectName),
      ],
      opts,
    );
    made.push({ one, credentials });
    return credentials;
  });
}

/** Of its own: mounted beside the key, the passphrase would guard nothing. */
function createPasswordSecret(
  component: string,
  args: ThingsBoardMqttArgs,
  requested: readonly RequestedListener[],
  passwords: readonly (readonly [string, MadeCredentials | undefined])[],
  opts: ObjectOptions,
): pulumi.Output<string> {
  if (passwords.length === 0) {
    return pulumi.output("");
  }
  const object = checkedName(
    args.namespace,
    environmentSecretName(args),
    { component, namespace: "namespace", name: "environmentSecretName" },
    undefined,
    requested.map(({ server }) => server.secretName),
  );
  return createSecret(
    `${component}-key-password`,
    object,
    Object.fromEntries(
      passwords.map(([variable, credentials]) => [
        variable,
        checkedPassword(
          component,
          credentials?.passwordPath ?? "",
          credentials?.password ?? "",
        ),
      ]),
    ),
    opts,
  ).metadata.name;
}

function checkedPassword(
  component: string,
  path: string,
  password: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.output(password).apply((text) => {
    refuse(
      component,
      /[$#]\{/.test(text)
        ? [
            `${path}: holds "\${" or "#{", in which ThingsBoard would look for the name of a variable; use letters and digits.`,
          ]
        : [],
    );
    return text;
  });
}

/** Where a mistake in the order of a profile comes from. */
const PROFILE_PATHS: Readonly<Record<string, string>> = {
  profileName: "deviceProfileName",
  certificatePem: "deviceAuthority.certificatePem",
};

function deviceProfileOf(
  component: string,
  { deviceAuthority, deviceProfileName, product }: ThingsBoardMqttArgs,
): pulumi.Output<string> {
  return deviceAuthority === undefined || product === ThingsBoardProduct.Tbmq
    ? pulumi.output("")
    : pulumi
        .all([
          deviceAuthority.certificatePem,
          deviceProfileName ?? DEFAULT_PROFILE_NAME,
        ])
        .apply(([certificatePem, profileName]) => {
          const order = { certificatePem, profileName };
          refuse(
            component,
            checkDeviceProfile(order).map(
              ({ path, message }) =>
                `${PROFILE_PATHS[path] ?? path}: ${message}`,
            ),
          );
          return deviceProfileText(order);
        });
}
