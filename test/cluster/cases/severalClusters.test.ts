import type { Outcome } from "../../e2e/conformance/engines";
import { ApiServer } from "../apiServer";
import { grant } from "../roles";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import type { StoredObject } from "./objects";
import { SECRETS, inventory, pathOf, stored } from "./objects";
import { SERVER_SECRET } from "./program/settings";
import { whyNotServable } from "./servable";
import type { CaseStack } from "./stack";
import { complaints } from "./stack";

const NAMESPACE = "mqtt";
/** On the cluster that dies: so many that it dies before the last of them is changed. */
const BROKERS = 10;
const DEPLOYER = "deployer";

describeCase(
  "several clusters",
  "where one dies the others are done, and the next update goes on",
  async (run) => {
    const berlin = run.cluster;
    const lisbon = await second(run);
    const stack = await run.stack();
    const configure = (whenUnreachable: string) =>
      stack.set({
        clusters: [
          {
            name: "berlin",
            kubeconfig: berlin.kubeconfig,
            namespace: run.namespace,
          },
          {
            name: "lisbon",
            kubeconfig: lisbon.kubeconfigOf(DEPLOYER),
            namespace: NAMESPACE,
            brokers: BROKERS,
            whenUnreachable,
          },
        ],
      });
    const secretOf = {
      berlin: () =>
        stored(berlin, pathOf(run.namespace, SECRETS, SERVER_SECRET)),
      lisbon: () => stored(lisbon, pathOf(NAMESPACE, SECRETS, SERVER_SECRET)),
    };
    configure("refuse");
    await stack.must("up");
    const first = [await secretOf.berlin(), await secretOf.lisbon()] as const;
    expect(new Set(first.map(({ data }) => data["ca.crt"])).size).toBe(1);
    expect(new Set(first.map(({ data }) => data["tls.crt"])).size).toBe(2);

    // Lisbon dies while the update is at it.
    stack.set({ dnsNames: ["mqtt.example.net"] });
    const { code: died, text: last } = await whileUpdating(stack, lisbon);
    expect([died === 0, complaints(last)]).toEqual([false, expect.anything()]);
    const afterDeath = await secretOf.berlin();
    expect([changed(first[0], afterDeath), complaints(last)]).toEqual([
      true,
      expect.anything(),
    ]);
    await lisbon.restart();
    await stack.must("up");
    const resumed = await secretOf.lisbon();
    expect(changed(first[1], resumed)).toBe(true);
    expect((await inventory(lisbon, NAMESPACE)).size).toBe(BROKERS);
    await stack.settled();

    // It is down from the start.
    configure("continue").set({ dnsNames: ["mqtt.example.org"] });
    await lisbon.kill();
    const preview = await stack.said("preview");
    expect([preview.code, preview.text]).toEqual([
      0,
      expect.stringContaining("cannot be reached"),
    ]);
    const { code, text } = await stack.said("up", "--continue-on-error");
    expect([code === 0, text]).toEqual([
      false,
      expect.stringContaining("cannot be reached"),
    ]);
    expect(changed(afterDeath, await secretOf.berlin())).toBe(true);
    await lisbon.restart();
    await stack.must("up");
    expect(changed(resumed, await secretOf.lisbon())).toBe(true);
    await stack.settled();
    await stack.must("destroy");
    return "died in the middle, down from the start: the other done, then both; nothing to do after";
  },
);

async function second(run: CaseRun): Promise<ApiServer> {
  const cluster = await ApiServer.start(run.binaries, {
    users: [DEPLOYER],
    audit: true,
    controllers: true,
  });
  run.later(() => cluster.stop());
  await cluster.create("/api/v1/namespaces", {
    metadata: { name: NAMESPACE },
  });
  await grant(cluster, DEPLOYER, "", [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  ]);
  return cluster;
}

/** Updates, and kills a cluster as soon as the update has changed one of its objects. */
async function whileUpdating(
  stack: CaseStack,
  cluster: ApiServer,
): Promise<Outcome> {
  const asked = () =>
    cluster
      .audit()
      .filter(
        ({ user, verb, resource, dryRun }) =>
          [user, verb, resource, dryRun].join() ===
          `${DEPLOYER},patch,${SECRETS},false`,
      ).length;
  const before = asked();
  let over = false;
  const running = stack
    .run("up", { continueOnError: true })
    .finally(() => (over = true));
  // The last read of `over` is another one than the first: an update ends meanwhile.
  const isOver = (): boolean => over;
  while (!isOver() && asked() === before) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await cluster.kill();
  return running;
}

/** Has it another certificate, in the same object, which serves? */
function changed(before: StoredObject, after: StoredObject): boolean {
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(whyNotServable(after)).toBeUndefined();
  return after.data["tls.crt"] !== before.data["tls.crt"];
}
