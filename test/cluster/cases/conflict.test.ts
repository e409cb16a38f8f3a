import { describeCase } from "./case";
import { CONFIG_MAPS, pathOf, stored } from "./objects";
import { BUNDLE } from "./program/settings";

describeCase(
  "conflict",
  "a field of another manager is named, and taken only when forced",
  async (run) => {
    const { cluster, namespace, engine } = run;
    const stack = await run.stack();
    const bundle = pathOf(namespace, CONFIG_MAPS, `${BUNDLE}-0`);
    stack.at(new Date()).set({ generations: { "2026a": "active" } });
    await stack.must("up");
    stack.set({
      bundles: [namespace],
      generations: { "2026a": "active", "2027a": "staged" },
    });
    await stack.must("up");
    await cluster.apply(
      bundle,
      "somebody",
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `${BUNDLE}-0` },
        data: { "ca-bundle.pem": "theirs" },
      },
      true,
    );
    const before = await stored(cluster, bundle);

    // Without that generation the bundle is another one, which a preview knows.
    stack.set({ generations: { "2026a": "active", "2027a": "retired" } });
    // The CLI's plugin notices when it is about to change the object, and says less.
    const isOurs = engine.name === "bundled";
    for (const verb of isOurs
      ? (["preview", "up"] as const)
      : ["up" as const]) {
      const { code, text } = await stack.said(verb);
      expect([verb, code === 0, text]).toEqual([
        verb,
        false,
        expect.stringMatching(
          /somebody[^]*ca-bundle\.pem|ca-bundle\.pem[^]*somebody/,
        ),
      ]);
      expect(text).toMatch(
        isOurs ? /patchForce[^]*forceConflicts/ : "conflict",
      );
      expect((await stored(cluster, bundle)).data).toEqual(before.data);
    }

    stack.reach({ forceConflicts: true });
    await stack.must("up");
    const after = await stored(cluster, bundle);
    expect(after.data["ca-bundle.pem"]).toContain("BEGIN CERTIFICATE");
    expect(after.metadata.uid).toBe(before.metadata.uid);
    await stack.settled();
    return `refused at ${isOurs ? "preview and up" : "up"} with manager and field; forced`;
  },
);
