import { WHOLE_PROOF } from "../../support/figures";
import type { Watch } from "../watch";
import type { CaseRun } from "./case";
import { describeCase } from "./case";
import type { StoredObject } from "./objects";
import { SECRETS, pathOf, readStored, stored, textOf } from "./objects";
import { SERVER_SECRET } from "./program/settings";
import { whyNotServable } from "./servable";
import type { CaseStack } from "./stack";

const TIMES = WHOLE_PROOF ? 100 : 5;
const DAY = 86_400_000;

describeCase(
  "rotations",
  "a broker that watches its Secret could load it at every moment",
  async (run) => {
    const stack = await run.stack();
    const path = pathOf(run.namespace, SECRETS, SERVER_SECRET);
    const now = Math.floor(Date.now() / 1000) * 1000;
    stack.at(new Date(now));
    await stack.must("up");
    const first = await stored(run.cluster, path);
    const watch = await run.cluster.watch(
      pathOf(run.namespace, SECRETS),
      SERVER_SECRET,
      first.metadata.resourceVersion,
    );

    for (let time = 1; time <= TIMES; time += 1) {
      // Every other time with another key.
      const curve = time % 4 < 2 ? "P256" : "P384";
      stack.set({ dnsNames: [`mqtt-${time}.example.com`], curve });
      await stack.must("up");
    }
    const steps = WHOLE_PROOF ? await rotateRoot(stack, now) : [];
    return check(run, watch, first, TIMES + steps.length);
  },
  { timeout: 3_600_000 },
);

/** The root's rotation to its end; the updates in which it changes what the broker loads. */
async function rotateRoot(stack: CaseStack, now: number): Promise<string[]> {
  const seen: string[] = [];
  const update = async (
    days: number,
    generations: Record<string, string>,
  ): Promise<void> => {
    stack.at(new Date(now + days * DAY)).set({ generations });
    const done = await stack.must("up");
    seen.push(...done.filter((step) => step === "update server-secret"));
  };
  await update(1, { "2026a": "active" });
  await update(2, { "2026a": "active", "2027a": "staged" });
  await update(10, { "2026a": "retiring", "2027a": "active" });
  // The broker's certificate is renewed meanwhile: the last one of the old root has to end first.
  await update(270, { "2026a": "retiring", "2027a": "active" });
  await update(376, { "2026a": "retired", "2027a": "active" });
  expect(seen).toHaveLength(4);
  return seen;
}

async function check(
  { cluster, namespace }: CaseRun,
  watch: Watch,
  first: StoredObject,
  changes: number,
): Promise<string> {
  const last = await stored(cluster, pathOf(namespace, SECRETS, SERVER_SECRET));
  const { resourceVersion } = last.metadata;
  await watch.until(
    ({ object }) =>
      readStored(object).metadata.resourceVersion === resourceVersion,
  );
  const seen = (await watch.stop()).map(({ type, object }) => ({
    type,
    secret: readStored(object),
  }));
  expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(["MODIFIED"]));
  expect(new Set(seen.map(({ secret }) => secret.metadata.uid))).toEqual(
    new Set([first.metadata.uid]),
  );
  expect(seen.flatMap(({ secret }) => whyNotServable(secret) ?? [])).toEqual(
    [],
  );
  const contents = new Set(seen.map(({ secret }) => contentOf(secret)));
  // To take an object over from the manager that made it is a change as well, to none of what a broker loads.
  contents.delete(contentOf(first));
  expect(contents.size).toBe(changes);
  return `${changes} changes, ${seen.length} states seen, 0 absent, 0 mismatched`;
}

function contentOf(secret: StoredObject): string {
  return textOf(secret, "tls.crt") + textOf(secret, "ca.crt");
}
