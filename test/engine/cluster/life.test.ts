import { describeCluster, mapItem, secretItem } from "./world";

const SECRET = "/api/v1/namespaces/default/secrets/tls";
const MAP = "/api/v1/namespaces/default/configmaps/env";

const encoded = (text: string): string => Buffer.from(text).toString("base64");

describeCluster("objects of a cluster", (world) => {
  test("are previewed, made, changed in place, read and deleted", async () => {
    world.wants([
      secretItem("tls", { "tls.key": "first key" }),
      mapItem("env", { PORT: "8883" }),
    ]);
    const preview = await world.must("preview");
    expect(preview.out).toContain("+ 4 to create");
    expect(await world.live(SECRET)).toBeUndefined();

    await world.must("up", "--yes");
    const made = await world.live(SECRET);
    expect(made?.data).toEqual({ "tls.key": encoded("first key") });
    expect(world.sandbox.resource("tls")).toMatchObject({
      id: "default/tls",
      outputs: {
        __initialApiVersion: "v1",
        metadata: { uid: made?.metadata.uid },
      },
    });
    expect(world.sandbox.stateText()).toMatch(
      /"__fieldManager":\s*"pulumi-kubernetes-[0-9a-f]{8}"/,
    );
    expect(world.sandbox.stateText()).not.toContain(encoded("first key"));
    const again = await world.must("preview", "--expect-no-changes");
    expect(again.out).toContain("4 unchanged");

    // Every key is another one: those of before are to go.
    await world.up([
      secretItem("tls", { "tls.crt": "second" }),
      mapItem("env", { HOST: "broker" }),
    ]);
    const changed = await world.live(SECRET);
    expect(changed?.metadata.uid).toBe(made?.metadata.uid);
    expect(changed?.data).toEqual({ "tls.crt": encoded("second") });
    expect((await world.live(MAP))?.data).toEqual({ HOST: "broker" });

    const state = world.sandbox.stateText();
    await world.must("refresh", "--yes");
    expect(world.sandbox.stateText()).toBe(state);

    await world.must("destroy", "--yes");
    expect(await world.live(SECRET)).toBeUndefined();
    expect(await world.live(MAP)).toBeUndefined();
  });

  test("in a namespace of the program's come and go with it", async () => {
    const items = [
      {
        of: "core.v1.Namespace",
        name: "mqtt",
        metadata: { name: "mqtt" },
      },
      {
        ...secretItem("inner", { a: "b" }),
        metadata: { name: "inner", namespace: "mqtt" },
        options: { dependsOn: ["mqtt"] },
      },
    ];
    world.wants(items);
    await world.must("preview");
    await world.must("up", "--yes");
    expect(world.sandbox.resource("mqtt")).toMatchObject({ id: "mqtt" });
    await world.must("preview", "--expect-no-changes");
    await world.must("destroy", "--yes");
    expect(await world.live("/api/v1/namespaces/mqtt")).toBeUndefined();
  });

  test("are made anew where they cannot change, the old one first", async () => {
    await world.up([secretItem("tls", { a: "1" }, { type: "Opaque" })]);
    const before = await world.live(SECRET);
    world.wants([secretItem("tls", { a: "1" }, { type: "example.org/x" })]);
    const preview = await world.must("preview");
    expect(preview.out).toContain("+-1 to replace");
    await world.must("up", "--yes");
    const after = await world.live(SECRET);
    expect(after).toMatchObject({ type: "example.org/x" });
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    await world.must("destroy", "--yes");
  });

  test("that are somebody else's can be read, and stay hidden", async () => {
    await world.cluster.create("/api/v1/namespaces/default/secrets", {
      metadata: { name: "theirs" },
      stringData: { password: "of somebody else" },
    });
    const reads = [
      { of: "core.v1.Secret", name: "theirs", id: "default/theirs" },
    ];
    await world.up([], { reads });
    expect(world.sandbox.resource("theirs")).toMatchObject({ external: true });
    expect(world.sandbox.stateText()).not.toContain(
      encoded("of somebody else"),
    );
    const shown = await world.must("stack", "output", "--show-secrets");
    expect(shown.out).toContain(encoded("of somebody else"));
    await world.must("preview", "--expect-no-changes");
    await world.must("destroy", "--yes");
    const path = "/api/v1/namespaces/default/secrets/theirs";
    expect(await world.live(path)).toBeDefined();
  });
});
