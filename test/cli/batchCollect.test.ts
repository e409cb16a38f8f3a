import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobSpec } from "../../components/batchPods";
import type { ShardResult } from "../../pki/batch/issuance/shardResult";
import { formatShardResult } from "../../pki/batch/issuance/shardResult";
import { ApiServer } from "../cluster/apiServer";
import { clusterBinaries, howToGetBinaries } from "../cluster/binaries";
import { scratchFolder } from "../pki/support/openssl";
import { withPlugin } from "../provider/support/killed";
import { urnOf } from "../provider/support/plugin";
import type { CommandResult } from "../support/command";
import { describeWith, runCommand } from "../support/command";
import { ROOT } from "../support/fleet";
import { runCli } from "./support/run";

const folder = scratchFolder();
const SHA = "0123456789abcdef".repeat(4);

function resultOf(shard: number, of: number): ShardResult {
  return {
    schema: "mqtt-pki/batch-shard/1",
    shard,
    of,
    count: 10 + shard,
    digest: SHA.replace("0", String(shard)),
    issued: 10 + shard,
    renewed: 0,
    expiresFirst: "2027-02-18T12:00:00Z",
    expiresLast: "2027-02-18T12:00:00Z",
    renewsFirst: "2027-01-18T12:00:00Z",
    issuer: "ab".repeat(20),
    listed: 10 * of + (of * (of - 1)) / 2,
    listSha256: SHA,
    orderSha256: SHA,
  };
}

/** As users start it: the client of the API is a module of a kind that this test's own loader does not take. */
function collect(...args: readonly string[]): Promise<CommandResult> {
  const command = ["batch", "collect", ...args];
  return runCommand(process.execPath, [join(ROOT, "bin/run.mjs"), ...command]);
}

describe("batch collect, from files", () => {
  function files(...results: readonly ShardResult[]): string[] {
    return results.map((result, index) => {
      const path = join(folder, `result-${index}.json`);
      writeFileSync(path, formatShardResult(result));
      return path;
    });
  }

  test("says in a few lines what all shards came to", async () => {
    const { code, out, error } = await runCli([
      "batch",
      "collect",
      ...files(resultOf(0, 2), resultOf(1, 2)),
    ]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toContain("21 devices in 2 shards; 21 got a new key");
    expect(out).toMatch(/^digest {3}[0-9a-f]{64}$/m);
  });

  test.each([
    [[], "no result is named; write --job NAME -n NAMESPACE, or the files"],
    [["none.json"], "the result none.json is not there."],
    [["a.json", "--job", "x"], "--job and files exclude each other"],
    [["--job", "x"], "--job needs the namespace it is in; write -n NAMESPACE."],
    [["a.json", "-n", "pki"], "--namespace goes with --job"],
  ])("a wrong command line: %j", async (args, message) => {
    const { code, error } = await runCli(["batch", "collect", ...args]);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });

  test("a shard that is missing, and a file that is no result", async () => {
    const [one = ""] = files(resultOf(1, 2));
    const missing = await runCli(["batch", "collect", one]);
    expect(missing.code).toBe(2);
    expect(missing.error).toContain("1 of 2 shards has no result: 0.");
    writeFileSync(one, "killed");
    const none = await runCli(["batch", "collect", one]);
    expect(none.error).toContain(
      'result-0.json: "killed" is not what "mqtt-pki batch issue --result" writes',
    );
  });
});

const binaries = clusterBinaries();

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "batch collect, from the pods of a Job",
  () => {
    let cluster: ApiServer;
    let jobs = 0;
    const pki = "/api/v1/namespaces/pki";
    const batch = "/apis/batch/v1/namespaces/pki/jobs";

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries);
      await cluster.create("/api/v1/namespaces", { metadata: { name: "pki" } });
    }, 300_000);

    afterAll(() => cluster.stop());

    interface Job {
      readonly name: string;
      readonly uid: string;
      readonly of: number;
    }

    async function makeJob(of: number): Promise<Job> {
      jobs += 1;
      const name = `gateways-${jobs}`;
      const spec = jobSpec(
        {
          namespace: "pki",
          jobName: name,
          image: "registry.example.com/mqtt-pki:0.1.0",
          claimName: "gateways",
          shards: of,
        },
        {
          configMap: `${name}-order`,
          secret: `${name}-signer`,
          annotations: { "mqtt-pki/order-sha256": SHA },
        },
      );
      const { status, body } = await cluster.call(
        "POST",
        // A member that Kubernetes does not know would be dropped without a word.
        `${batch}?fieldValidation=Strict`,
        { apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec },
      );
      expect({ status, body: status === 201 ? "" : body }).toEqual({
        status: 201,
        body: "",
      });
      const { metadata } = body as { metadata: { uid: string } };
      return { name, uid: metadata.uid, of };
    }

    /** As the controller and the kubelet leave a pod of a Job. */
    async function makePod(
      job: Job,
      index: number,
      message: string | undefined,
      { phase = "Succeeded", uid = job.uid, attempt = "a" } = {},
    ): Promise<void> {
      const name = `${job.name}-${index}-${attempt}`;
      await cluster.create(`${pki}/pods`, {
        metadata: {
          name,
          labels: { "batch.kubernetes.io/job-name": job.name },
          annotations: {
            "batch.kubernetes.io/job-completion-index": String(index),
          },
          ownerReferences: [
            {
              apiVersion: "batch/v1",
              kind: "Job",
              name: job.name,
              uid,
              controller: true,
            },
          ],
        },
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "issue", image: "mqtt-pki" }],
        },
      });
      await cluster.patch(`${pki}/pods/${name}/status`, {
        status: {
          phase,
          containerStatuses: [
            {
              name: "issue",
              image: "mqtt-pki",
              imageID: "",
              ready: false,
              restartCount: 0,
              state: {
                terminated: {
                  exitCode: phase === "Succeeded" ? 0 : 1,
                  ...(message !== undefined && { message }),
                },
              },
            },
          ],
        },
      });
    }

    async function end(job: Job, type = "Complete"): Promise<void> {
      const at = "2026-11-21T09:00:00Z";
      const condition = (name: string) => ({
        type: name,
        status: "True",
        lastTransitionTime: at,
      });
      const isComplete = type === "Complete";
      const indexes = Array.from({ length: job.of }, (_, index) => index);
      await cluster.patch(`${batch}/${job.name}/status`, {
        status: {
          startTime: at,
          ...(isComplete && { completionTime: at }),
          conditions: [
            condition(isComplete ? "SuccessCriteriaMet" : "FailureTarget"),
            condition(type),
          ],
          succeeded: isComplete ? job.of : job.of - 1,
          completedIndexes: indexes
            .filter((index) => isComplete || index > 0)
            .join(","),
          ...(!isComplete && { failed: 1, failedIndexes: "0" }),
        },
      });
    }

    async function makeRun(of: number): Promise<Job> {
      const job = await makeJob(of);
      for (let index = 0; index < of; index += 1) {
        await makePod(job, index, formatShardResult(resultOf(index, of)));
      }
      await end(job);
      return job;
    }

    const from = ({ name }: Pick<Job, "name">, ...args: readonly string[]) =>
      collect(
        "--job",
        name,
        "-n",
        "pki",
        "--kubeconfig",
        cluster.kubeconfig,
        ...args,
      );

    test("each shard once, whatever else the Job has left behind", async () => {
      const job = await makeJob(3);
      for (const index of [0, 1, 2]) {
        await makePod(job, index, formatShardResult(resultOf(index, 3)));
      }
      // A first attempt that was killed; and a pod of a Job of this name that was deleted.
      await makePod(job, 1, "killed", { phase: "Failed", attempt: "b" });
      await makePod(job, 2, formatShardResult(resultOf(2, 4)), {
        uid: "f0e1d2c3-0000-4000-8000-000000000000",
        attempt: "c",
      });
      await end(job);
      const { code, stdout, stderr } = await from(job, "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({
        of: 3,
        count: 33,
        issued: 33,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      });
    });

    test("a Job that runs, one that failed, and none of that name", async () => {
      const job = await makeJob(2);
      await makePod(job, 0, formatShardResult(resultOf(0, 2)));
      const running = await from(job);
      expect(running.code).toBe(2);
      expect(running.stderr).toContain(
        `the Job "${job.name}" is not complete: 0 of 2 shards are`,
      );
      await end(job, "Failed");
      expect((await from(job)).stderr).toContain(
        `the Job "${job.name}" failed, with the shards 0;`,
      );
      expect((await from({ name: "none" })).stderr).toContain(
        'the namespace pki has no Job "none".',
      );
    });

    test("a shard whose pod is gone, one without a result, and one of another number", async () => {
      const gone = await makeJob(2);
      await makePod(gone, 0, formatShardResult(resultOf(0, 2)));
      await end(gone);
      expect((await from(gone)).stderr).toContain(
        "1 of 2 shards has no result: 1.",
      );
      const silent = await makeJob(1);
      await makePod(silent, 0, undefined);
      await end(silent);
      expect((await from(silent)).stderr).toContain(
        `pod ${silent.name}-0-a: left no result; start "mqtt-pki batch issue" with --result /dev/termination-log.`,
      );
      const other = await makeJob(1);
      await makePod(other, 0, formatShardResult(resultOf(0, 2)));
      await end(other);
      expect((await from(other)).stderr).toContain(
        "has the completion index 0 of 1, and issued shard 0 of 2",
      );
    });

    test("a user without rights is told which", async () => {
      const job = await makeRun(1);
      const { code, stderr } = await collect(
        "--job",
        job.name,
        "-n",
        "pki",
        "--kubeconfig",
        cluster.readerKubeconfig,
      );
      expect(code).toBe(2);
      expect(stderr).toContain(
        "this user needs the verb get on jobs in the namespace pki (RBAC).",
      );
    });

    test("the stack keeps it: read when the Job is another one, and not before", async () => {
      const job = await makeRun(2);
      const next = await makeRun(3);
      const urn = urnOf("BatchJobResult", "gateways");
      const inputs = {
        job: job.name,
        namespace: "pki",
        jobUid: job.uid,
        orderSha256: SHA,
        kubeconfig: cluster.kubeconfig,
      };
      await withPlugin({ cwd: folder }, async (plugin) => {
        expect(await plugin.check(urn, inputs)).toEqual([]);
        const { outs } = await plugin.create(urn, inputs);
        const printed = await from(job, "--json");
        const { schema, ...combined } = JSON.parse(printed.stdout) as Record<
          string,
          unknown
        >;
        expect(outs).toEqual({
          ...combined,
          job: job.name,
          namespace: "pki",
          jobUid: job.uid,
          orderSha256: SHA,
        });
        expect(await plugin.diff(urn, outs, inputs)).toMatchObject({
          changes: "none",
        });
        const again = { ...inputs, job: next.name, jobUid: next.uid };
        expect(await plugin.diff(urn, outs, again)).toMatchObject({
          changes: "some",
        });
        expect(await plugin.update(urn, outs, again)).toMatchObject({
          of: 3,
          count: 33,
        });
        await expect(
          plugin.create(urn, { ...inputs, orderSha256: "f".repeat(64) }),
        ).rejects.toThrow("issued by the order 0123456789ab…");
      });
    });
  },
);
