import { describeCase } from "./case";
import { SECRETS, pathOf, stored } from "./objects";
import { SERVER_SECRET } from "./program/settings";
import { whyNotServable } from "./servable";

describeCase(
  "exists",
  "an object of that name is refused, and adopted where that is said",
  async (run) => {
    const { cluster, namespace, engine } = run;
    const stack = await run.stack();
    const secret = pathOf(namespace, SECRETS, SERVER_SECRET);
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    await cluster.create(pathOf(namespace, SECRETS), {
      metadata: { name: SERVER_SECRET, labels: { team: "platform" } },
      type: "kubernetes.io/tls",
      data: {
        "tls.crt": base64("theirs"),
        "tls.key": base64("theirs"),
        "theirs.txt": base64("theirs"),
      },
    });
    const before = await stored(cluster, secret);

    // The CLI's plugin notices when it is about to make the object.
    const verbs = engine.name === "bundled" ? ["preview", "up"] : ["up"];
    for (const verb of verbs as ("preview" | "up")[]) {
      const { code, text } = await stack.said(verb);
      expect([verb, code === 0, text]).toEqual([
        verb,
        false,
        expect.stringMatching(/exists|in the cluster already/),
      ]);
      if (engine.name === "bundled") {
        expect(text).toContain("adoptExisting");
        expect(text).toContain("import");
      }
      expect(await stored(cluster, secret)).toEqual(before);
    }

    stack.reach({ adoptExisting: true, forceConflicts: true });
    await stack.must("up");
    const after = await stored(cluster, secret);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(whyNotServable(after)).toBeUndefined();
    expect(after.metadata.labels.team).toBe("platform");
    expect(after.data["theirs.txt"]).toBe(base64("theirs"));
    await stack.settled();
    return `refused at ${verbs.join(" and ")}; adopted with its UID`;
  },
);
