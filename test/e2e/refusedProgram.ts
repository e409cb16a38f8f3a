import { mkdirSync, writeFileSync } from "node:fs";
import { issueCertificate } from "../../pki/certificate";
import {
  DEFAULT_KEY,
  exportPkcs8,
  generateKey,
  importSigningKey,
  publicKeyDer,
} from "../../pki/key";
import type { Fleet } from "../support/fleet";

/** A mistake, and what the preview must say about it. */
export interface Mistake {
  /** After "refuses". */
  readonly rule: string;
  /** Left out where the group's program makes it. */
  readonly make?: (fleet: Fleet) => void;
  /** The resource, or for what the program itself refuses the component, that the message is about. */
  readonly resource: string;
  /** Property path, value and what is wrong. */
  readonly says: readonly string[];
  /** Root may do it, so the rule cannot be seen as root. */
  readonly notAsRoot?: boolean;
}

/** Mistakes that one preview must report together. */
export interface MistakeGroup {
  readonly title: string;
  readonly program?: string;
  readonly prepare?: (fleet: Fleet) => Promise<void>;
  readonly mistakes: readonly Mistake[];
}

/** What only a program can get wrong: see `programs/refused`. */
export const refusedProgram: MistakeGroup = {
  title: "a program of refused resources",
  program: "test/e2e/programs/refused",
  prepare: prepareProgram,
  mistakes: [
    {
      rule: "an issuer that is no CA",
      resource: "below-a-server-certificate",
      says: ['signer.certificatePem: "CN=mqtt.example.com" is no CA'],
    },
    {
      rule: "a CA below an intermediate without room for one",
      resource: "below-path-length-0-certificate",
      says: ['issuer: "Upper CA" has path length constraint 0'],
    },
    {
      rule: "one of ThingsBoard's own ConfigMaps for the variables",
      resource: "environment-of-thingsboard",
      says: [
        `configMapName: "tb-mqtts-config" is a ConfigMap of ThingsBoard's own`,
      ],
    },
    {
      rule: "one of ThingsBoard's own ConfigMaps for the roots",
      resource: "bundle-of-thingsboard",
      says: [
        `bundleConfigMapName: "tb-node-config" is a ConfigMap of ThingsBoard's own`,
      ],
    },
    {
      rule: "a missing manifest",
      resource: "missing-manifest",
      says: ['manifest: "none.csv" is not there'],
    },
    {
      rule: "rows with too many and too few fields, each by its line",
      resource: "malformed-rows",
      says: [
        "malformed.csv:2: has 3 fields where the header names 2",
        "malformed.csv:3: has 1 fields where the header names 2",
      ],
    },
    {
      rule: "a quotation that does not end",
      resource: "open-quotation",
      says: ["quotation.csv:2: is no well-formed CSV"],
    },
    {
      rule: "an unknown column",
      resource: "unknown-column",
      says: ['column.csv:1: "colour" is no known column'],
    },
    {
      rule: "a Secret over 1 MiB",
      resource: "too-many",
      says: [
        "output.kubernetes.shards: 3000 devices",
        "do not fit one Secret of 1 MiB",
      ],
    },
    {
      rule: "an output folder below a file",
      resource: "below-a-file",
      says: [
        'outputDirectory: "good.csv/devices" cannot be a folder: "good.csv" is a file',
      ],
    },
    {
      rule: "an output folder that may not be written",
      resource: "forbidden",
      says: ['outputDirectory: "forbidden/devices" cannot be read and written'],
      notAsRoot: true,
    },
  ],
};

const MANIFESTS: Record<string, string> = {
  "good.csv": "id\nvalve-1\n",
  "malformed.csv": "id,serialNumber\nvalve-1,VA-1,extra\nvalve-2\n",
  "quotation.csv": 'id,serialNumber\nvalve-1,"VA-1\n',
  "column.csv": "id,colour\nvalve-1,red\n",
  "many.csv": `id\n${Array.from({ length: 3000 }, (_, index) => `valve-${index}\n`).join("")}`,
};

async function prepareProgram(fleet: Fleet): Promise<void> {
  for (const [name, text] of Object.entries(MANIFESTS)) {
    writeFileSync(fleet.path(name), text);
  }
  mkdirSync(fleet.path("forbidden"), { mode: 0o500 });
  const key = generateKey(DEFAULT_KEY);
  const { certificatePem } = await issueCertificate(
    {
      profile: "server",
      subject: { commonName: "mqtt.example.com" },
      key: DEFAULT_KEY,
      validityDays: 30,
    },
    { publicKey: publicKeyDer(key), key: DEFAULT_KEY },
    { signingKey: await importSigningKey(key, "key") },
    new Date(),
  );
  writeFileSync(fleet.path("server.pem"), certificatePem);
  writeFileSync(fleet.path("server-key.pem"), exportPkcs8(key));
}
