import { describeCluster, mapItem, secretItem } from "./world";

const MAP = "/api/v1/namespaces/default/configmaps/env";
const SECRET = "/api/v1/namespaces/default/secrets/tls";

describeCluster("what happens behind a stack's back", (world) => {
  test("is noticed by refresh and repaired by up; what is others' stays", async () => {
    const items = [
      mapItem("env", { PORT: "8883" }, { labels: { app: "mqtt" } }),
    ];
    await world.up(items);
    await world.cluster.patch(`${MAP}?fieldManager=kubectl-edit`, {
      metadata: { labels: { app: "drifted", theirs: "label" } },
      data: { PORT: "1883", THEIRS: "kept" },
    });
    // Nobody has looked yet.
    await world.must("preview", "--expect-no-changes");
    const refresh = await world.must("refresh", "--yes");
    expect(refresh.out).toContain("~ 1 updated");
    const preview = await world.must("preview");
    expect(preview.out).toContain("[diff: ~data,metadata]");
    const up = await world.must("up", "--yes");
    expect(up.out).toContain("~ 1 updated");
    expect(await world.live(MAP)).toMatchObject({
      metadata: { labels: { app: "mqtt", theirs: "label" } },
      data: { PORT: "8883", THEIRS: "kept" },
    });
    await world.must("refresh", "--yes");
    await world.must("preview", "--expect-no-changes");

    // What is theirs stays when the program's own goes, too.
    await world.up([mapItem("env", { HOST: "b" })]);
    expect((await world.live(MAP))?.data).toEqual({
      HOST: "b",
      THEIRS: "kept",
    });
  });

  test("is repaired with a word of who did it, by whatever means it was edited; what somebody applies is theirs", async () => {
    await world.up([mapItem("env", { PORT: "8883" })]);
    await world.cluster.patch(`${MAP}?fieldManager=dashboard`, {
      data: { PORT: "1883" },
    });
    world.wants([mapItem("env", { PORT: "8884" })]);
    const warning =
      '.data.PORT was edited by "dashboard". They are written again.';
    expect((await world.must("preview")).out).toContain(warning);
    expect((await world.must("up", "--yes")).out).toContain(warning);
    expect((await world.live(MAP))?.data).toEqual({ PORT: "8884" });
    await world.must("preview", "--expect-no-changes");

    await world.cluster.apply(
      MAP,
      "other-tool",
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "env" },
        data: { PORT: "1883" },
      },
      true,
    );
    world.wants([mapItem("env", { PORT: "8885" })]);
    const refused = await world.sandbox.run("up", "--yes");
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('.data.PORT belongs to "other-tool"');
    expect((await world.live(MAP))?.data).toEqual({ PORT: "1883" });
  });

  test("is made again once it was deleted", async () => {
    await world.up([secretItem("tls", { a: "1" })]);
    await world.cluster.delete(SECRET);
    const refresh = await world.must("refresh", "--yes");
    expect(refresh.out).toContain("- 1 deleted");
    const up = await world.must("up", "--yes");
    expect(up.out).toContain("+ 1 created");
    expect(await world.live(SECRET)).toBeDefined();
  });

  test("is a clear failure where it was not looked at", async () => {
    await world.up([secretItem("tls", { a: "1" })]);
    await world.cluster.delete(SECRET);
    world.wants([secretItem("tls", { a: "2" })]);
    const preview = await world.sandbox.run("preview");
    expect(preview.code).toBe(1);
    expect(preview.out).toContain(
      'There is no v1 Secret tls in the namespace default. If it was deleted behind this program\'s back, "refresh" takes note',
    );
    await world.must("refresh", "--yes");
    await world.must("up", "--yes");
  });

  test("is nothing where there is nothing in an object", async () => {
    await world.up([
      secretItem("tls", {}, { hidden: undefined, data: {} }),
      mapItem("env", {}),
    ]);
    await world.must("preview", "--expect-no-changes");
    const state = world.sandbox.stateText();
    const refresh = await world.must("refresh", "--yes");
    expect(refresh.out).toContain("4 unchanged");
    expect(world.sandbox.stateText()).toBe(state);
    await world.must("preview", "--expect-no-changes");
  });

  test("does not show what kubectl applied in the open", async () => {
    await world.up([secretItem("tls", { a: "hidden value" })]);
    const copy = Buffer.from("hidden value").toString("base64");
    await world.cluster.patch(SECRET, {
      metadata: {
        annotations: {
          "kubectl.kubernetes.io/last-applied-configuration": `{"data":{"a":"${copy}"}}`,
        },
      },
    });
    await world.must("refresh", "--yes");
    expect(world.sandbox.stateText()).not.toContain(copy);
  });
});
