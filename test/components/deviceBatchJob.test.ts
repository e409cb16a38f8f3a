import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceBatchJobArgs, Issuer } from "../../components";
import { DeviceBatchJob, batchOrder } from "../../components";
import { jobNameProblem } from "../../components/batchPods";
import { readOrder } from "../../provider/batchOrder";
import { scratchFolder } from "../pki/support/openssl";
import { Recorder, valueOf } from "./support/record";

const folder = scratchFolder();
const generation = { authority: "root", certificatePem: "a certificate" };
const issuer: Issuer = {
  certificatePem: "the certificate",
  chainPem: "the chain",
  trustAnchorsPem: "the roots",
  activeGeneration: "2027a",
  signer: {
    privateKeyPem: "the private key",
    generations: [
      { ...generation, id: "2026a", state: "retired" },
      { ...generation, id: "2027a", state: "active" },
    ],
  },
};
const range = { id: "gateway-{number}", from: 1, to: 100 };
const pods = {
  namespace: "pki",
  jobName: "gateways",
  image: "mqtt-pki:0.1.0",
  claimName: "gateways",
  shards: 16,
};
let recorder: Recorder;
let made = 0;

beforeAll(async () => {
  recorder = await Recorder.install();
});

async function make(
  overrides: Partial<DeviceBatchJobArgs> = {},
): Promise<{ readonly name: string; readonly job: DeviceBatchJob }> {
  made += 1;
  const name = `gateways-${made}`;
  const isListed = ["manifest", "manifestOnVolume"].some(
    (list) => list in overrides,
  );
  const job = new DeviceBatchJob(name, {
    issuer,
    pods,
    ...(!isListed && { range }),
    ...overrides,
  });
  await valueOf(job.jobName);
  await valueOf(job.digest);
  return { name, job };
}

interface JobInputs {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Record<string, string> };
      readonly spec: {
        readonly containers: readonly [
          { readonly volumeMounts: readonly unknown[] },
        ];
      };
    };
  };
}

function template(name: string) {
  return (recorder.get(`${name}-job`).inputs as unknown as JobInputs).spec
    .template;
}

describe("a batch on a cluster", () => {
  test("is an order, a key, a Job and what it came to", async () => {
    const { name, job } = await make();
    expect(
      recorder.tree().filter((line) => line.endsWith(`< ${name}`)),
    ).toEqual([
      `BatchJobResult ${name} < ${name}`,
      `ConfigMap ${name}-order < ${name}`,
      `Job ${name}-job < ${name}`,
      `Secret ${name}-signer < ${name}`,
    ]);
    const order = await valueOf(job.order);
    expect(recorder.get(`${name}-order`).inputs).toMatchObject({
      data: { "order.json": order },
    });
    const sha256 = createHash("sha256").update(order).digest("hex");
    expect(template(name).metadata.annotations).toEqual({
      "mqtt-pki/order-sha256": sha256,
    });
    expect(
      recorder.get(name, "mqtt-pki:index:BatchJobResult").inputs,
    ).toMatchObject({
      job: "gateways",
      namespace: "pki",
      orderSha256: sha256,
    });
  });

  test("without collecting there is no result, and its outputs are empty", async () => {
    const { name, job } = await make({ collect: false });
    expect(recorder.tree()).not.toContain(`BatchJobResult ${name} < ${name}`);
    expect(await valueOf(job.digest)).toBe("");
    expect(await valueOf(job.count)).toBe(0);
  });

  test("a manifest travels in the ConfigMap, and another one is another run", async () => {
    const manifest = join(folder, "the fleet.csv");
    writeFileSync(manifest, "id\na\n");
    const { name, job } = await make({ manifest });
    expect(recorder.get(`${name}-order`).inputs).toMatchObject({
      data: { "the_fleet.csv": "id\na\n" },
    });
    expect(JSON.parse(await valueOf(job.order))).toMatchObject({
      manifest: "the_fleet.csv",
    });
    const before = template(name).metadata.annotations;
    writeFileSync(manifest, "id\nb\n");
    const after = template((await make({ manifest })).name).metadata
      .annotations;
    expect(after["mqtt-pki/list-sha256"]).not.toBe(
      before["mqtt-pki/list-sha256"],
    );
  });

  test("a list on the volume is all that a pod sees of the volume beside its own folder", async () => {
    const { name, job } = await make({
      manifestOnVolume: "lists/fleet.ndjson",
      run: "2027-06",
    });
    expect(JSON.parse(await valueOf(job.order))).toMatchObject({
      manifest: "/list/fleet.ndjson",
    });
    const [container] = template(name).spec.containers;
    expect(container.volumeMounts).toContainEqual({
      name: "batch",
      mountPath: "/list/fleet.ndjson",
      subPath: "lists/fleet.ndjson",
      readOnly: true,
    });
    expect(template(name).metadata.annotations).toMatchObject({
      "mqtt-pki/run": "2027-06",
    });
  });

  const refusals: readonly [string, Partial<DeviceBatchJobArgs>, string][] = [
    [
      "two lists",
      { manifest: "a.csv", range },
      "manifest and range exclude each other; keep one of them.",
    ],
    [
      "a list that is not there",
      { manifest: "none.csv" },
      "manifest: none.csv cannot be read.",
    ],
    [
      "no shards",
      { pods: { ...pods, shards: 0 } },
      "pods.shards: 0 is out of range; write a whole number from 1 to 10000.",
    ],
    [
      "a part of a shard",
      { pods: { ...pods, shards: 1.5 } },
      "pods.shards: 1.5 is out of range",
    ],
  ];

  test.each(refusals)("refuses %s", async (_, overrides, message) => {
    await expect(refusal(overrides)).resolves.toContain(message);
  });

  test("refuses a list that no ConfigMap holds", async () => {
    const manifest = join(folder, "long.csv");
    writeFileSync(manifest, "id\n".padEnd(900_001, "a"));
    expect(await refusal({ manifest })).toContain(
      "is longer than 900000 octets, and a ConfigMap holds no more; copy it to the volume",
    );
  });

  test.each([
    ["gateways", 10_000, undefined],
    ["x".repeat(61), 10, undefined],
    [
      "x".repeat(61),
      11,
      '" is no name of an Indexed Job; use a-z 0-9 and -, 1 to 60 characters.',
    ],
    ["a.b", 1, '"a.b" is no name of an Indexed Job'],
  ])("the name %s goes with %d shards, or not", (jobName, shards, message) => {
    const problem = jobNameProblem(jobName, shards);
    if (message === undefined) {
      expect(problem).toBeUndefined();
    } else {
      expect(problem).toContain(message);
    }
  });

  async function refusal(
    overrides: Partial<DeviceBatchJobArgs>,
  ): Promise<string> {
    try {
      await make(overrides);
    } catch (error) {
      return String(error);
    }
    return "";
  }
});

describe("the order of a batch", () => {
  test("is read by batch issue, holds no key, and does not hang on how the program writes it", async () => {
    const profile = {
      subject: { organization: "Example", organizationalUnit: "Gateways" },
      key: { algorithm: "RSA" },
      renewal: { beforeDays: 30, newKey: true },
    };
    const order = await valueOf(
      batchOrder("gateways", { issuer, range, profile, onRemoval: "revoke" }),
    );
    expect(order).not.toContain("private");
    expect(readOrder(order, "order.json").order).toEqual({
      schema: "mqtt-pki/batch-order/1",
      name: "gateways",
      range,
      subject: profile.subject,
      key: { algorithm: "RSA", rsaBits: 2048 },
      validityDays: 365,
      renewal: { beforeDays: 30 },
      newKeyOnRenewal: true,
      onRemoval: "revoke",
      signer: {
        certificatePem: "the certificate",
        chainPem: "the chain",
        trustAnchorsPem: "the roots",
        authorities: [],
        generations: [{ authority: "issuer", id: "2027a", state: "active" }],
      },
    });
    const other = await valueOf(
      batchOrder("gateways", {
        onRemoval: "revoke",
        profile: {
          renewal: { newKey: true, beforeDays: 30 },
          key: { rsaBits: 2048, algorithm: "RSA" },
          subject: { organizationalUnit: "Gateways", organization: "Example" },
        },
        range: { to: 100, from: 1, id: "gateway-{number}" },
        issuer: {
          ...issuer,
          signer: { privateKeyPem: "another", generations: [] },
        },
      }),
    );
    expect(other).toBe(order);
  });

  test("an initial device identity has no end", async () => {
    const text = await valueOf(
      batchOrder("gateways", {
        issuer,
        range,
        profile: { profileName: "initialDeviceIdentity" },
      }),
    );
    expect(JSON.parse(text)).toMatchObject({
      profile: "initialDeviceIdentity",
      validity: { notAfter: "99991231235959Z" },
    });
  });
});
