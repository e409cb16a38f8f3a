import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { ShardResult } from "../../pki/batch/issuance/shardResult";
import { readRows } from "../provider/support/largeBatch";
import { InstalledProgram } from "../support/installedProgram";

interface Container {
  readonly args: string[];
  readonly env: { name: string; value?: string }[];
  readonly volumeMounts: { name: string; subPathExpr?: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
}

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: {
      readonly metadata: {
        readonly annotations: Readonly<Record<string, string>>;
      };
      readonly spec: { readonly containers: readonly [Container] };
    };
  };
}

const DEVICES = 12;
const SHARDS = 3;

describe("the example of a batch on Kubernetes", () => {
  let program: InstalledProgram;

  beforeAll(async () => {
    program = await InstalledProgram.install("batch-on-kubernetes");
    const configuration = join(program.folder, "Pulumi.dev.yaml");
    writeFileSync(
      configuration,
      readFileSync(configuration, "utf8")
        .replace('"100000"', `"${DEVICES}"`)
        .replace('"16"', `"${SHARDS}"`),
    );
  }, 120_000);

  afterAll(() => {
    program.remove();
  });

  test("goes with the types of the package", async () => {
    await program.checkTypes();
  });

  test("renders objects by which every shard can be issued", async () => {
    await program.command("up", "--engine=bundled");
    const objects = rendered(join(program.folder, "rendered"));
    expect([...objects.keys()].sort()).toEqual([
      "ConfigMap gateways-order",
      "Job gateways",
      "Namespace pki",
      "PersistentVolumeClaim gateways",
      "Secret gateways-signer",
    ]);
    const job = objects.get("Job gateways");
    expect(job).toMatchObject({
      apiVersion: "batch/v1",
      spec: {
        completionMode: "Indexed",
        completions: SHARDS,
        parallelism: SHARDS,
        backoffLimitPerIndex: 6,
        template: {
          spec: {
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 1000 },
            volumes: [
              { name: "order", configMap: { name: "gateways-order" } },
              {
                name: "signer",
                secret: { secretName: "gateways-signer", defaultMode: 0o400 },
              },
              {
                name: "batch",
                persistentVolumeClaim: { claimName: "gateways" },
              },
              { name: "temporary" },
            ],
          },
        },
      },
    });
    const [container] = job?.spec.template.spec.containers ?? [];
    expect(container?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    });
    expect(container?.volumeMounts).toContainEqual({
      name: "batch",
      mountPath: "/shard",
      subPathExpr: "shard-$(JOB_COMPLETION_INDEX)",
    });
    expect(JSON.stringify(job)).not.toContain("PRIVATE");
    const order = objects.get("ConfigMap gateways-order")?.data["order.json"];
    expect(order).not.toContain("PRIVATE");

    const results = await issueShards(program, objects);
    const collected = JSON.parse(
      await program.command("batch", "collect", ...results, "--json"),
    ) as { count: number; of: number; orderSha256: string };
    expect(collected).toMatchObject({ count: DEVICES, of: SHARDS });
    expect(collected.orderSha256).toBe(
      job?.spec.template.metadata.annotations["mqtt-pki/order-sha256"],
    );
    await program.command("preview", "--expect-no-changes", "--engine=bundled");
  });

  test("another run is another Job by the same order; the volume stays, whatever size is asked for", async () => {
    const order = orderSha256(program.folder);
    appendFileSync(
      join(program.folder, "Pulumi.dev.yaml"),
      '  gateways:run: "2027-06"\n  gateways:storage: 9Gi\n',
    );
    const said = await program.command("up", "--engine=bundled");
    const changed = said
      .split("\n")
      .filter((line) => /^ +(~|\+-|\+|-) /.test(line) && line.includes(":"));
    expect(changed.join("\n")).toContain("kubernetes:batch/v1:Job");
    expect(said).toContain("+-1 replaced");
    expect(changed.join("\n")).not.toContain("PersistentVolumeClaim");
    const objects = rendered(join(program.folder, "rendered"));
    expect(
      objects.get("Job gateways")?.spec.template.metadata.annotations,
    ).toEqual({
      "mqtt-pki/order-sha256": order,
      "mqtt-pki/run": "2027-06",
    });
    expect(objects.get("PersistentVolumeClaim gateways")).toMatchObject({
      spec: { resources: { requests: { storage: "5Gi" } } },
    });
  });
});

function orderSha256(folder: string): string | undefined {
  return rendered(join(folder, "rendered")).get("Job gateways")?.spec.template
    .metadata.annotations["mqtt-pki/order-sha256"];
}

/** Does what the kubelet would: lays the volumes out, and starts each index as the Job says. */
async function issueShards(
  program: InstalledProgram,
  objects: ReadonlyMap<string, Rendered>,
): Promise<string[]> {
  const place = join(program.folder, "volumes");
  mkdirSync(place);
  const files = {
    "order.json": objects.get("ConfigMap gateways-order")?.data["order.json"],
    "ca.key": Buffer.from(
      objects.get("Secret gateways-signer")?.data["ca.key"] ?? "",
      "base64",
    ).toString(),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(place, name), text ?? "", { mode: 0o400 });
  }
  const [container] =
    objects.get("Job gateways")?.spec.template.spec.containers ?? [];
  const shards = container?.env.find(({ name }) => name === "MQTT_PKI_SHARDS");
  const issued: string[] = [];
  const results: string[] = [];
  for (let index = 0; index < Number(shards?.value); index += 1) {
    const shard = join(place, `shard-${index}`);
    const result = join(place, `result-${index}.json`);
    const args = (container?.args ?? []).map((argument) =>
      argument
        .replace(/^\/(order|signer)\//, `${place}/`)
        .replace(/^\/shard\//, `${shard}/`)
        .replace("/dev/termination-log", result),
    );
    const said = JSON.parse(
      await program.command(...args, "--shard", `${index}/${SHARDS}`),
    ) as ShardResult;
    expect(said).toMatchObject({ shard: index, of: SHARDS, listed: DEVICES });
    issued.push(...readRows(join(shard, "batch")).keys());
    results.push(result);
  }
  expect(issued.sort()).toEqual(
    Array.from(
      { length: DEVICES },
      (_, index) => `gateway-${String(index + 1).padStart(7, "0")}`,
    ),
  );
  return results;
}

function rendered(folder: string): Map<string, Rendered> {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => {
        const object = parse(
          readFileSync(join(folder, name), "utf8"),
        ) as Rendered;
        return [`${object.kind} ${object.metadata.name}`, object];
      }),
  );
}
