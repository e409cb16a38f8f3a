import { setTimeout as sleep } from "node:timers/promises";

import { root } from "../../pki/support/authority";
import type { Item } from "../sandbox";
import { describeCluster, mapItem } from "./world";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const JOB = "/apis/batch/v1/namespaces/default/jobs/issue";
const labels = { app: "broker" };

const deployment = {
  metadata: { name: "broker" },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "broker", image: "mosquitto" }] },
    },
  },
};

function restart(checksum: string, name = "broker"): Item {
  return {
    of: "apps.v1.DeploymentPatch",
    name: "restart",
    metadata: {
      name,
      namespace: "default",
      annotations: {
        "pulumi.com/patchForce": "true",
        "pulumi.com/skipAwait": "true",
      },
    },
    spec: { template: { metadata: { annotations: { checksum } } } },
  };
}

describeCluster("kinds of objects", (world) => {
  test("a patch lays fields over somebody else's object, and takes them back", async () => {
    world.wants([restart("1")]);
    const absent = await world.sandbox.run("preview");
    expect(absent.out).toContain(
      "There is no Deployment broker in the namespace default that this could be laid over.",
    );

    await world.cluster.create(DEPLOYMENTS, deployment);
    await world.must("up", "--yes");
    const annotated = {
      template: { metadata: { annotations: { checksum: "1" } } },
    };
    expect(await world.live(`${DEPLOYMENTS}/broker`)).toMatchObject({
      spec: annotated,
    });
    await world.must("preview", "--expect-no-changes");
    await world.up([restart("2")]);
    await world.must("refresh", "--yes");
    await world.must("preview", "--expect-no-changes");
    await world.up([]);
    const left = await world.live(`${DEPLOYMENTS}/broker`);
    expect(left).toBeDefined();
    expect(JSON.stringify(left?.spec)).not.toContain("checksum");
  });

  test("a Job is waited for until it is complete, or has failed", async () => {
    const job = {
      of: "batch.v1.Job",
      name: "issue",
      metadata: { name: "issue", namespace: "default" },
      spec: {
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [
              {
                name: "issue",
                image: "mqtt-pki",
                resources: { requests: { memory: "1024Mi", cpu: "1000m" } },
              },
            ],
          },
        },
      },
    };
    world.wants([job]);
    const running = world.sandbox.start(["up", "--yes", "--skip-preview"]);
    const path = `${JOB}/status`;
    while ((await world.live(JOB)) === undefined) {
      await sleep(100);
    }
    const startTime = new Date(Date.now() - 1000).toISOString();
    const condition = (type: string): object => ({
      type,
      status: "True",
      reason: "Test",
      message: "as the test has it",
      lastTransitionTime: startTime,
    });
    await world.cluster.patch(path, {
      status: {
        startTime,
        completionTime: new Date().toISOString(),
        succeeded: 1,
        conditions: [condition("SuccessCriteriaMet"), condition("Complete")],
      },
    });
    const { code, out } = await running.result;
    expect(out).toContain("+ 3 created");
    expect(code).toBe(0);
    await world.must("preview", "--expect-no-changes");
    await world.must("destroy", "--yes");
    expect(await world.live(JOB)).toBeUndefined();

    world.wants([
      {
        ...job,
        metadata: {
          ...job.metadata,
          annotations: { "pulumi.com/timeoutSeconds": "1" },
        },
      },
    ]);
    const late = await world.sandbox.run("up", "--yes", "--skip-preview");
    expect(late.code).toBe(1);
    expect(late.out).toContain("the Job has not started");
    // It is there, and the state knows it.
    expect(world.sandbox.resource("issue")?.id).toBe("default/issue");
    await world.must("destroy", "--yes");
  });

  test("a ClusterTrustBundle has no namespace, and may have colons in its name", async () => {
    const { certificatePem } = await root();
    const item: Item = {
      of: "certificates.v1beta1.ClusterTrustBundle",
      name: "bundle",
      metadata: { name: "example.org:mqtt:roots" },
      spec: { signerName: "example.org/mqtt", trustBundle: certificatePem },
    };
    await world.up([item]);
    expect(world.sandbox.resource("bundle")?.id).toBe("example.org:mqtt:roots");
    await world.must("preview", "--expect-no-changes");
    await world.must("refresh", "--yes");
    await world.must("destroy", "--yes");
  });

  test("deleting waits for finalizers, and says which", async () => {
    const path = "/api/v1/namespaces/default/configmaps/held";
    await world.up([
      mapItem(
        "held",
        { a: "b" },
        {
          finalizers: ["example.org/hold"],
          annotations: { "pulumi.com/timeoutSeconds": "1" },
        },
      ),
    ]);
    const { code, out } = await world.sandbox.run("destroy", "--yes");
    expect(code).toBe(1);
    expect(out).toContain('v1 ConfigMap default/held has "example.org/hold"');
    await world.cluster.patch(path, { metadata: { finalizers: null } });
    await world.must("destroy", "--yes");
    expect(await world.live(path)).toBeUndefined();
  });
});
