import { describeCase } from "./case";
import { CONFIG_MAPS, SECRETS, pathOf, stored, textOf } from "./objects";
import { BUNDLE, SERVER_SECRET } from "./program/settings";
import { whyNotServable } from "./servable";

describeCase(
  "drift",
  "what others did is found, ours is repaired and theirs stays",
  async (run) => {
    const { cluster, namespace } = run;
    const stack = await run.stack();
    const secret = pathOf(namespace, SECRETS, SERVER_SECRET);
    const bundle = pathOf(namespace, CONFIG_MAPS, `${BUNDLE}-0`);
    stack.set({ bundles: [namespace] });
    await stack.must("up");
    const ours = { secret: await stored(cluster, secret) };
    const pem = (await stored(cluster, bundle)).data["ca-bundle.pem"];

    // Somebody adds what is none of our business: there is nothing to do.
    await cluster.patch(secret, {
      metadata: { labels: { team: "platform" } },
      data: { "theirs.txt": Buffer.from("theirs").toString("base64") },
    });
    await cluster.patch(bundle, { data: { "theirs.pem": "theirs" } });
    await stack.must("refresh");
    await stack.settled();

    // Somebody changes what is ours.
    await cluster.patch(secret, {
      data: { "ca.crt": Buffer.from("nothing").toString("base64") },
      metadata: { labels: { "app.kubernetes.io/managed-by": "somebody" } },
    });
    await cluster.patch(bundle, { data: { "ca-bundle.pem": "nothing" } });
    const repairs = [
      `update bundle-0-bundle-${namespace}`,
      "update server-secret",
    ];
    const refreshed = await stack.said("refresh");
    expect([refreshed.code, refreshed.text]).toEqual([
      0,
      expect.stringContaining("server-secret"),
    ]);
    // With the CLI's plugin whoever edits a field owns it from then on, and taking it back has to be said.
    stack.reach({
      forceConflicts: run.engine.name === "pulumi" ? true : undefined,
    });
    const found = await stack.must("preview");
    expect(found).toEqual(expect.arrayContaining(repairs));
    expect(await stack.must("up")).toEqual(found);
    stack.reach({ forceConflicts: undefined });
    await stack.must("up");
    const repaired = await stored(cluster, secret);
    expect(whyNotServable(repaired)).toBeUndefined();
    expect(repaired.metadata.uid).toBe(ours.secret.metadata.uid);
    expect(repaired.metadata.labels).toEqual({
      "app.kubernetes.io/managed-by": "mqtt-pki",
      team: "platform",
    });
    expect(textOf(repaired, "theirs.txt")).toBe("theirs");
    expect((await stored(cluster, bundle)).data).toEqual({
      "ca-bundle.pem": pem,
      "theirs.pem": "theirs",
    });

    // Somebody deletes what is ours.
    await cluster.delete(secret);
    const lost = await stack.must("preview", { flags: ["--refresh"] });
    expect(lost).toContain("create server-secret");
    await stack.must("refresh");
    expect(await stack.must("preview")).toContain("create server-secret");
    expect(await stack.must("up")).toContain("create server-secret");
    expect(whyNotServable(await stored(cluster, secret))).toBeUndefined();
    await stack.settled();
    return "2 edited, 1 deleted: found, repaired; 3 of others' stayed";
  },
);
