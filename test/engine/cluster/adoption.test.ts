import { describeCluster, mapItem } from "./world";

const MAP = "/api/v1/namespaces/default/configmaps/env";

describeCluster("an object that was there before the stack", (world) => {
  beforeEach(() =>
    world.cluster.create(
      "/api/v1/namespaces/default/configmaps?fieldManager=kubectl-create",
      {
        metadata: { name: "env", labels: { theirs: "x" } },
        data: { PORT: "8883", THEIRS: "kept" },
      },
    ),
  );

  test("is imported, and is the stack's from then on", async () => {
    const item = {
      ...mapItem(
        "env",
        { PORT: "8883", THEIRS: "kept" },
        { labels: { theirs: "x" } },
      ),
      options: { import: "default/env" },
    };
    const uid = (await world.live(MAP))?.metadata.uid;
    world.wants([item]);
    await world.must("preview");
    await world.must("up", "--yes");
    expect(world.sandbox.resource("env")).toMatchObject({ id: "default/env" });
    await world.up([mapItem("env", { PORT: "8884" })]);
    expect((await world.live(MAP))?.data).toMatchObject({ PORT: "8884" });
    expect((await world.live(MAP))?.metadata.uid).toBe(uid);
    await world.must("preview", "--expect-no-changes");
    await world.must("destroy", "--yes");
    expect(await world.live(MAP)).toBeUndefined();
  });
});
