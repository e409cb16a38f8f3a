import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

const texts = z.array(z.string()).exactOptional();

const deviceSubject = {
  country: z.string().exactOptional(),
  province: z.string().exactOptional(),
  locality: z.string().exactOptional(),
  organization: z.string().exactOptional(),
  organizationalUnit: z.string().exactOptional(),
  serialNumber: z.string().exactOptional(),
};

const subject = z.strictObject({ ...deviceSubject, commonName: z.string() });

const key = z
  .strictObject({
    algorithm: z.string(),
    ecdsaCurve: z.string().exactOptional(),
    rsaBits: z.number().exactOptional(),
  })
  .exactOptional();

const renewal = z
  .strictObject({ beforeDays: z.number().exactOptional() })
  .exactOptional();

const generation = z.strictObject({
  state: z.string(),
  subject: subject.exactOptional(),
  key,
  validityDays: z.number().exactOptional(),
  linkedBy: z.string().exactOptional(),
});

const certificateAuthority = z.strictObject({
  subject,
  generations: z.record(z.string(), generation).exactOptional(),
  acknowledge: z
    .array(
      z.strictObject({
        rule: z.string(),
        reason: z.string(),
        until: z.string(),
      }),
    )
    .exactOptional(),
  clientStacks: texts,
  key,
  validityDays: z.number().exactOptional(),
  pathLength: z.number().exactOptional(),
  nameConstraints: z
    .strictObject({
      permittedDnsNames: texts,
      excludedDnsNames: texts,
      permittedIpRanges: texts,
      excludedIpRanges: texts,
      critical: z.boolean().exactOptional(),
    })
    .exactOptional(),
  renewal,
});

const rootAuthority = certificateAuthority.extend({
  confirmedBundle: z.string().exactOptional(),
  minimumTrustSoakDays: z.number().exactOptional(),
});

const settingsSchema = z.strictObject({
  protect: z.boolean().exactOptional(),
  serverRoot: rootAuthority,
  serverCA: certificateAuthority,
  server: z.strictObject({
    subject,
    key,
    dnsNames: texts,
    ipAddresses: texts,
    validityDays: z.number().exactOptional(),
    renewal,
    secretName: z.string(),
  }),
  deviceRoot: rootAuthority,
  deviceCA: certificateAuthority,
  devices: z.strictObject({
    name: z.string(),
    manifest: z.string(),
    subject: z.strictObject(deviceSubject).exactOptional(),
    key,
    validityDays: z.number().exactOptional(),
    renewal,
    includeRoot: z.boolean().exactOptional(),
    reissue: z.string().exactOptional(),
    secretName: z.string().exactOptional(),
    shards: z.number().exactOptional(),
  }),
  thingsBoard: z.strictObject({
    mountPath: z.string().exactOptional(),
    bindPort: z.number().exactOptional(),
    skipClientValidityCheck: z.boolean().exactOptional(),
  }),
});

/** The demo fleet as the stack's configuration describes it. */
export type Settings = z.infer<typeof settingsSchema>;

/** What stood in the project's own settings before clusters could be chosen. */
const MOVED = ["target", "renderDirectory", "namespace"];

/**
 * Reads the stack's configuration, and names every mistake in its form at
 * once. What the values mean is checked by the plugin, as for any program.
 */
export function readSettings(config: pulumi.Config): Settings {
  const values = Object.keys(settingsSchema.shape).map((name) => [
    name,
    config.getObject(name),
  ]);
  const result = settingsSchema.safeParse(Object.fromEntries(values));
  const problems = [
    ...MOVED.filter((name) => config.get(name) !== undefined).map(
      (name) =>
        `${config.name}:${name}: is called mqtt-pki:${name} now; write that, and take this out ("pulumi config rm ${config.name}:${name}").`,
    ),
    ...(result.error?.issues ?? []).map(
      (issue) => `${config.name}:${issue.path.join(".")}: ${issue.message}`,
    ),
  ];
  if (!result.success || problems.length > 0) {
    throw new pulumi.RunError(problems.join("\n"));
  }
  return result.data;
}
