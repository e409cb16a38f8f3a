import * as pulumi from "@pulumi/pulumi";
import type {
  BrokerDevice,
  BrokerGenerator,
  BrokerPaths,
  BrokerSettings,
} from "../platforms/brokers";
import {
  BROKER_GENERATORS,
  BrokerIdentity,
  DEFAULT_TOPICS,
  settingsProblems,
  subjectText,
} from "../platforms/brokers";
import type { DeviceSubjectArgs } from "../resources";
import type { BrokerConfigurationArgs, BrokerDeviceArgs } from "./brokerArgs";
import { refuse } from "./kubernetes";

/**
 * What makes the configuration of this kind of broker.
 *
 * @throws RunError with all that is wrong with the arguments as the program wrote them
 */
export function generatorOf(
  component: string,
  args: BrokerConfigurationArgs,
): BrokerGenerator {
  const generator = Object.hasOwn(BROKER_GENERATORS, args.broker)
    ? BROKER_GENERATORS[args.broker]
    : undefined;
  const { server, deviceAuthority, trustBundle, storePassword } = args;
  refuse(component, [
    ...(generator === undefined
      ? [
          `broker: ${JSON.stringify(args.broker)} is no broker that configuration is made for; write one of ${Object.keys(BROKER_GENERATORS).join(", ")}.`,
        ]
      : []),
    ...(args.kubernetes === undefined && args.output === undefined
      ? [
          "kubernetes: is missing; write where the objects go, or in output.directory where files go.",
        ]
      : []),
    ...(server.keyPassphrase === undefined
      ? []
      : [
          "server: its key in the Secret is encrypted, and nobody types the passphrase when the broker starts; leave kubernetes.keyPassphrase of the ServerCertificate out.",
        ]),
    ...((deviceAuthority === undefined) === (trustBundle === undefined)
      ? [
          deviceAuthority === undefined
            ? "deviceAuthority: is missing; write the RootCA of the devices, or in trustBundle the TrustBundle that has it."
            : "trustBundle: is given, and deviceAuthority as well; leave one of the two out.",
        ]
      : []),
    ...(generator === undefined ||
    (generator.stores === undefined) === (storePassword === undefined)
      ? []
      : [
          generator.stores === undefined
            ? `storePassword: is nothing that ${generator.title} asks for, which reads PEM; leave it out.`
            : `storePassword: is missing; write what is to open key store and trust store of ${generator.title}, 6 characters at least, from a secret of the configuration.`,
        ]),
    ...(generator !== undefined &&
    !generator.readsRevocationList &&
    args.crlPem !== undefined
      ? [
          `crlPem: is nothing that ${generator.title} reads from a file; leave it out.`,
        ]
      : []),
    ...(trustBundle !== undefined &&
    (generator?.stores !== undefined || args.output !== undefined)
      ? [
          `trustBundle: names the roots and does not hold them, which ${args.output === undefined ? "a trust store" : "output"} needs; write deviceAuthority instead.`,
        ]
      : []),
  ]);
  if (generator === undefined) {
    // Refused above, in words for who wrote it.
    throw new Error(`no broker ${args.broker}`);
  }
  return generator;
}

/** What is asked of the broker, once all of it is known; what is wrong ends the preview. */
export function settingsOf(
  component: string,
  generator: BrokerGenerator,
  args: BrokerConfigurationArgs,
): pulumi.Output<BrokerSettings> {
  const { crlPem } = args;
  const others = pulumi
    .all([
      pathsOf(generator, args),
      args.port ?? 8883,
      args.address ?? "0.0.0.0",
      args.identity ?? BrokerIdentity.CommonName,
      args.requireCertificate ?? true,
      pulumi.output(args.topics),
      devicesOf(component, args),
    ])
    .apply(
      ([
        paths,
        port,
        address,
        identity,
        requireCertificate,
        topics,
        devices,
      ]): BrokerSettings => {
        const settings = {
          paths,
          port,
          address,
          identity,
          requireCertificate,
          crlPem: "",
          topics: topics ?? DEFAULT_TOPICS,
          devices,
          // Filled in where the files are made: nothing before needs it.
          storePassword: "",
        };
        refuse(component, settingsProblems(generator, settings));
        return settings;
      },
    );
  // By itself: a preview may not know it yet, and is to refuse all else that is wrong.
  return crlPem === undefined
    ? others
    : others.apply((settings) =>
        // One within the other: `all` would copy the settings, and topics that nobody gave could not be told from given ones.
        pulumi.output(crlPem).apply((pem) => {
          const complete: BrokerSettings = { ...settings, crlPem: pem };
          refuse(
            component,
            pem === ""
              ? ["crlPem: is empty; write a revocation list, or leave it out."]
              : settingsProblems(generator, complete),
          );
          return complete;
        }),
      );
}

function pathsOf(
  { paths: own }: BrokerGenerator,
  { paths = {} }: BrokerConfigurationArgs,
): pulumi.Output<BrokerPaths> {
  return pulumi.output({
    server: paths.server ?? own.server,
    trust: paths.trust ?? own.trust,
    crl: paths.crl ?? own.crl,
    configuration: paths.configuration ?? own.configuration,
    secret: paths.secret ?? own.secret,
    data: paths.data ?? own.data,
  });
}

function devicesOf(
  component: string,
  { devices, deviceSubject }: BrokerConfigurationArgs,
): pulumi.Output<BrokerDevice[]> {
  return pulumi
    .all([pulumi.output(devices ?? []), pulumi.output(deviceSubject ?? {})])
    .apply(([known, shared]) => {
      refuse(
        component,
        shared.emailAddress !== undefined &&
          known.some(({ subject }) => subject === undefined)
          ? [
              "deviceSubject.emailAddress: is written by brokers in ways of their own; write the whole subject of each device in devices[].subject.",
            ]
          : [],
      );
      return known.map((device) => ({
        id: device.id,
        subject: device.subject ?? subjectOf(device, shared),
      }));
    });
}

function subjectOf(
  { id, serialNumber }: pulumi.Unwrap<BrokerDeviceArgs>,
  shared: pulumi.Unwrap<DeviceSubjectArgs>,
): string {
  const { country, province, locality } = shared;
  const number = serialNumber ?? shared.serialNumber;
  const list = (one: string | undefined, several: readonly string[] = []) => [
    ...(one === undefined ? [] : [one]),
    ...several,
  ];
  return subjectText(id, {
    ...(country !== undefined && { country }),
    ...(province !== undefined && { province }),
    ...(locality !== undefined && { locality }),
    ...(number !== undefined && { serialNumber: number }),
    organizations: list(shared.organization, shared.organizations),
    organizationalUnits: list(
      shared.organizationalUnit,
      shared.organizationalUnits,
    ),
  });
}
