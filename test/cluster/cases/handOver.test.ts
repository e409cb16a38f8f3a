import { describeCase } from "./case";
import { SECRETS, pathOf, stored } from "./objects";
import { SERVER_SECRET } from "./program/settings";

describeCase(
  "hand-over",
  "the other engine finds nothing to do, changes in place, and hands back",
  async (run) => {
    const { cluster, namespace, other } = run;
    const stack = await run.stack();
    const secret = pathOf(namespace, SECRETS, SERVER_SECRET);
    stack.set({ bundles: [namespace], shards: 2 });
    await stack.must("up");
    const before = await stored(cluster, secret);
    if (other === undefined) {
      throw new Error("there is nobody to hand over to");
    }
    await stack.settled(other);
    await stack.must("refresh", { by: other });
    await stack.settled(other);
    stack.set({ dnsNames: ["mqtt.example.net"] });
    await stack.must("up", { by: other });
    await stack.settled();
    await stack.must("refresh");
    await stack.settled();
    const after = await stored(cluster, secret);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.data["tls.crt"]).not.toBe(before.data["tls.crt"]);
    stack.set({ dnsNames: ["mqtt.example.org"] });
    expect(await stack.must("up")).toEqual([
      "update server-certificate",
      "update server-secret",
    ]);
    await stack.settled(other);
    await stack.must("destroy", { by: other });
    return `begun by ${run.engine.name}, changed by ${other.name}, back, destroyed by ${other.name}`;
  },
  { needsBoth: true },
);
