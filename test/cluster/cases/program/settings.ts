import { z } from "zod";

/** A cluster of a program with several. */
const clusterSchema = z.strictObject({
  name: z.string(),
  kubeconfig: z.string(),
  namespace: z.string(),
  /** How many brokers are there. */
  brokers: z.number().default(1),
  /** `refuse` or `continue`. */
  whenUnreachable: z.string().default("refuse"),
});

/** What a case wants of the program, in the stack's configuration. */
export const settingsSchema = z.strictObject({
  /** Host names in the broker's certificate. */
  dnsNames: z.array(z.string()).default(["mqtt.example.com"]),
  /** Curve of the broker's key: another one is another key. */
  curve: z.string().default("P256"),
  /** States of the root's generations by id; the first id is 2026a. */
  generations: z.record(z.string(), z.string()).exactOptional(),
  /** Namespaces that get the trust bundle. */
  bundles: z.array(z.string()).default([]),
  /** How many bundles of other names each of those gets. */
  bundlesEach: z.number().default(1),
  /** Secrets that the certificates of a batch of devices go into. */
  shards: z.number().default(0),
  /** Another text issues all devices a new certificate. */
  reissue: z.string().default("first"),
  /** Further clusters, each with a broker of its own; the one of `mqtt-pki:kubeconfig` has none then. */
  clusters: z.array(clusterSchema).default([]),
});

/** See {@link settingsSchema}. */
export type Settings = z.infer<typeof settingsSchema>;

/** What a case says of them. */
export type GivenSettings = z.input<typeof settingsSchema>;

/** Under this key they stand in the configuration. */
export const SETTINGS_KEY = "cluster-cases:settings";

export const SERVER_SECRET = "broker-tls";
export const DEVICE_SECRETS = "devices";
/** Bundles are called so, with a number. */
export const BUNDLE = "broker-roots";
