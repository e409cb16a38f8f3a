import { z } from "zod";
import { describeWith } from "../support/command";
import { ApiServer } from "./apiServer";
import { clusterBinaries, howToGetBinaries } from "./binaries";
import { grant } from "./roles";

const binaries = clusterBinaries();
const MAPS = "/api/v1/namespaces/mqtt/configmaps";

const answerSchema = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
});

describeWith(
  { name: "a Kubernetes API for tests", path: binaries?.apiServer },
  howToGetBinaries(),
  "a Kubernetes API of a test's own",
  () => {
    let cluster: ApiServer;

    beforeAll(async () => {
      if (binaries === undefined) {
        throw new Error("there are no programs to start");
      }
      cluster = await ApiServer.start(binaries, {
        users: ["writer"],
        audit: true,
        controllers: true,
        featureGates: { ClusterTrustBundle: true },
        apis: ["certificates.k8s.io/v1beta1"],
      });
      await cluster.create("/api/v1/namespaces", {
        metadata: { name: "mqtt" },
      });
    }, 300_000);

    afterAll(() => cluster.stop());

    test("is the same after it was killed and started again", async () => {
      await cluster.create(MAPS, { metadata: { name: "kept" } });
      const before = answerSchema.parse(await cluster.get(`${MAPS}/kept`));
      await cluster.kill();
      await expect(cluster.get(`${MAPS}/kept`)).rejects.toThrow("ECONNREFUSED");
      await cluster.restart();
      const after = answerSchema.parse(await cluster.get(`${MAPS}/kept`));
      expect(after).toEqual(before);
    }, 300_000);

    test("answers nobody while it is held", async () => {
      const answered = jest.fn();
      cluster.pause();
      const asked = cluster.get(`${MAPS}/kept`).then(answered);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(answered).not.toHaveBeenCalled();
      cluster.resume();
      await asked;
      expect(answered).toHaveBeenCalledTimes(1);
    });

    test("shows every state of an object to a watch, in order", async () => {
      const watch = await cluster.watch(MAPS, "watched");
      await cluster.create(MAPS, {
        metadata: { name: "watched" },
        data: { n: "0" },
      });
      await cluster.create(MAPS, { metadata: { name: "other" } });
      for (const n of ["1", "2"]) {
        await cluster.patch(`${MAPS}/watched`, { data: { n } });
      }
      await cluster.delete(`${MAPS}/watched`);
      await watch.until(({ type }) => type === "DELETED");
      const seen = await watch.stop();
      expect(
        seen.map(({ type, object }) => [
          type,
          (object.data as { n: string }).n,
        ]),
      ).toEqual([
        ["ADDED", "0"],
        ["MODIFIED", "1"],
        ["MODIFIED", "2"],
        ["DELETED", "2"],
      ]);
    });

    test("says who asked for what, and who was refused", async () => {
      const client = cluster.clientOf("writer");
      const list = { method: "GET", path: MAPS };
      expect((await client.call(list)).status).toBe(403);
      await grant(cluster, "writer", "mqtt", [
        { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
      ]);
      expect((await client.call(list)).status).toBe(200);
      client.close();
      const seen = cluster
        .audit()
        .filter(({ user, resource }) => user === "writer" && resource !== "")
        .filter(({ resource }) => resource === "configmaps")
        .map(({ verb, namespace, status, denied }) =>
          [verb, namespace, status, denied].join(" "),
        );
      expect(seen).toEqual(["list mqtt 403 true", "list mqtt 200 false"]);
    });

    test("ends deletions in the foreground, and those of namespaces", async () => {
      const space = "/api/v1/namespaces/passing";
      await cluster.create("/api/v1/namespaces", {
        metadata: { name: "passing" },
      });
      await cluster.create(`${space}/configmaps`, {
        metadata: { name: "inside" },
      });
      await cluster.create(MAPS, { metadata: { name: "foreground" } });
      const { status } = await cluster.call("DELETE", `${MAPS}/foreground`, {
        propagationPolicy: "Foreground",
      });
      expect(status).toBe(200);
      await cluster.delete(space);
      for (const path of [`${MAPS}/foreground`, space]) {
        await gone(path);
      }
    }, 120_000);

    async function gone(path: string): Promise<void> {
      while ((await cluster.call("GET", path)).status !== 404) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }

    test("has the features it was started with", async () => {
      const { status } = await cluster.call(
        "GET",
        "/apis/certificates.k8s.io/v1beta1/clustertrustbundles",
      );
      expect(status).toBe(200);
    });
  },
);
