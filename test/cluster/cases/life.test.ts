import { describeCase } from "./case";
import { SECRETS, inventory, pathOf, stored } from "./objects";
import { BUNDLE, SERVER_SECRET } from "./program/settings";
import { whyNotServable } from "./servable";

const NAMES = ["mqtt.example.com", "mqtt.example.net"];

describeCase(
  "life",
  "preview, up, nothing to do, a changed name in place, destroy",
  async (run) => {
    const { cluster, namespace } = run;
    const stack = await run.stack();
    const secret = pathOf(namespace, SECRETS, SERVER_SECRET);
    stack.set({ bundles: [namespace] });

    const planned = await stack.must("preview");
    expect(planned).toContain("create server-secret");
    expect(await inventory(cluster, namespace)).toEqual(new Map());

    expect(await stack.must("up")).toEqual(planned);
    const before = await stored(cluster, secret);
    expect([...(await inventory(cluster, namespace)).keys()]).toEqual([
      `secrets/${SERVER_SECRET}`,
      `configmaps/${BUNDLE}-0`,
    ]);
    expect(whyNotServable(before)).toBeUndefined();
    expect(before.type).toBe("kubernetes.io/tls");
    await stack.settled();

    stack.set({ dnsNames: NAMES });
    const change = ["update server-certificate", "update server-secret"];
    expect(await stack.must("preview")).toEqual(change);
    expect((await stored(cluster, secret)).metadata).toEqual(before.metadata);
    expect(await stack.must("up")).toEqual(change);
    const after = await stored(cluster, secret);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.data["tls.crt"]).not.toBe(before.data["tls.crt"]);
    expect(whyNotServable(after)).toBeUndefined();
    await stack.settled();

    const gone = await stack.must("destroy");
    expect(await inventory(cluster, namespace)).toEqual(new Map());
    return `${planned.length} resources created, 2 updated in place, ${gone.length} deleted`;
  },
);
