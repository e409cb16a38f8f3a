import { freePorts } from "../freePorts";
import { grant } from "../roles";
import { describeCase } from "./case";
import { inventory } from "./objects";
import type { TargetConfig } from "./stack";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Somebody who may do something, and not all. */
const HALF = "half";

describeCase(
  "refusals",
  "what would not work is refused in the preview, and nothing is written",
  async (run) => {
    const { cluster, namespace } = run;
    const stack = await run.stack();
    const [closed = 0] = await freePorts(1);
    const unreachable = join(stack.folder, "unreachable.kubeconfig");
    writeFileSync(
      unreachable,
      readFileSync(cluster.kubeconfig, "utf8").replaceAll(
        cluster.url,
        `https://127.0.0.1:${closed}`,
      ),
      { mode: 0o600 },
    );
    await grant(cluster, HALF, namespace, [
      {
        apiGroups: [""],
        resources: ["secrets"],
        verbs: ["get", "create", "patch", "delete"],
      },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] },
    ]);
    stack.set({ bundles: [namespace] });

    const mistakes: readonly (readonly [TargetConfig, readonly RegExp[]])[] = [
      [{ kubeconfig: unreachable }, [/cannot be reached/, RegExp(`${closed}`)]],
      [{ context: "nowhere" }, [/"nowhere"/, /context/]],
      [
        { kubeconfig: cluster.kubeconfigOf("admin", "not-the-token") },
        [/credentials|Unauthorized|does not know/],
      ],
      [
        { kubeconfig: cluster.kubeconfigOf(HALF) },
        [/configmaps/, /create/, /patch/],
      ],
      [{ namespace: "not-there" }, [/not-there/, /createNamespace/]],
    ];
    for (const [target, says] of mistakes) {
      stack.reach({
        kubeconfig: cluster.kubeconfig,
        context: undefined,
        namespace,
        ...target,
      });
      for (const verb of ["preview", "up"] as const) {
        const { code, text } = await stack.said(verb);
        expect([target, verb, code === 0]).toEqual([target, verb, false]);
        for (const part of says) {
          expect(text).toMatch(part);
        }
        expect(text).not.toContain("not-the-token");
      }
      expect(await inventory(cluster, namespace)).toEqual(new Map());
    }
    return `${mistakes.length} mistakes told apart at preview, 0 objects written`;
  },
  { server: { users: [HALF] } },
);
