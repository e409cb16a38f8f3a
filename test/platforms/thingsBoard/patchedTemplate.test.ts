import * as fc from "fast-check";
import { stringify } from "yaml";
import { patchedTemplate } from "../../../platforms/thingsBoard/patchedTemplate";
import { podPatch } from "../../../platforms/thingsBoard/workloadPatch";
import {
  KeyFileAccess,
  ThingsBoardRole,
} from "../../../platforms/thingsBoard/workloadShape";
import { mqttSettings } from "../../cluster/cases/workloadProgram/settings";

const NAME = fc.stringMatching(/^[a-z]{1,8}$/);
/** Of variables: some are those of the patch. */
const VARIABLE = fc.oneof(
  fc.stringMatching(/^[A-Z_]{1,12}$/),
  fc.constantFrom(
    "MQTT_SSL_ENABLED",
    "MQTT_SSL_PEM_CERT",
    "MQTT_SSL_KEY_STORE",
  ),
);

function unique<T>(entry: fc.Arbitrary<T>, key: (value: T) => unknown) {
  return fc.uniqueArray(entry, { selector: key, maxLength: 6 });
}

const CONTAINER = fc.record({
  name: fc.oneof(NAME, fc.constant("server")),
  image: NAME,
  env: unique(
    fc.record({ name: VARIABLE, value: fc.string() }),
    ({ name }) => name,
  ),
  envFrom: fc.array(fc.record({ configMapRef: fc.record({ name: NAME }) })),
  ports: unique(
    fc.record({
      containerPort: fc.integer({ min: 1, max: 65535 }),
      name: NAME,
    }),
    ({ containerPort }) => containerPort,
  ),
  volumeMounts: unique(
    fc.record({
      mountPath: fc.constantFrom("/config", "/ssl-config", "/data"),
      name: NAME,
    }),
    ({ mountPath }) => mountPath,
  ),
  livenessProbe: fc.record({ periodSeconds: fc.nat() }),
});

const TEMPLATE = fc.record({
  metadata: fc.record({
    labels: fc.dictionary(NAME, NAME),
    annotations: fc.dictionary(NAME, fc.string()),
  }),
  spec: fc.record({
    volumes: unique(
      fc.record({ name: NAME, emptyDir: fc.constant({}) }),
      ({ name }) => name,
    ),
    containers: unique(CONTAINER, ({ name }) => name),
    nodeSelector: fc.dictionary(NAME, NAME),
  }),
});

const PATCH = fc
  .constantFrom(
    ...Object.values(ThingsBoardRole).flatMap((role) =>
      Object.values(KeyFileAccess).map((keyFileAccess) => ({
        role,
        keyFileAccess,
      })),
    ),
  )
  .map((shape) => ({
    metadata: { annotations: { "mqtt-pki/certificate-sha256": "a" } },
    spec: podPatch(mqttSettings(false, "/ssl-config", "a"), {
      container: "server",
      ...shape,
    }),
  }));

type Template = ReturnType<typeof TEMPLATE.generate>["value"];

test("a patch laid over twice is a patch laid over once", () => {
  fc.assert(
    fc.property(TEMPLATE, PATCH, (template, patch) => {
      const once = patchedTemplate(template, stringify(patch));
      expect(patchedTemplate(once, stringify(patch))).toEqual(once);
    }),
  );
});

test("what is others' stays, entry by entry and in its order", () => {
  fc.assert(
    fc.property(TEMPLATE, PATCH, (template, patch) => {
      const before = structuredClone(template);
      const after = patchedTemplate(template, stringify(patch)) as Template;
      expect(template).toEqual(before);
      expect(after.metadata.labels).toEqual(before.metadata.labels);
      expect(after.metadata.annotations).toMatchObject(
        before.metadata.annotations,
      );
      expect(after.spec.nodeSelector).toEqual(before.spec.nodeSelector);
      expect(after.spec.volumes.slice(0, before.spec.volumes.length)).toEqual(
        before.spec.volumes,
      );
      for (const [index, container] of before.spec.containers.entries()) {
        const now = after.spec.containers[index];
        if (container.name !== "server") {
          expect(now).toEqual(container);
          continue;
        }
        const ours = new Set(
          patch.spec.containers[0]?.env?.map(({ name }) => name),
        );
        expect(now?.envFrom).toEqual(container.envFrom);
        expect(now?.livenessProbe).toEqual(container.livenessProbe);
        expect(now?.env.filter(({ name }) => !ours.has(name))).toEqual(
          container.env.filter(({ name }) => !ours.has(name)),
        );
      }
    }),
  );
});

test("what the patch says is there", () => {
  fc.assert(
    fc.property(TEMPLATE, PATCH, (template, patch) => {
      const after = patchedTemplate(template, stringify(patch)) as Template;
      const server = after.spec.containers.find(
        ({ name }) => name === "server",
      );
      for (const variable of patch.spec.containers[0]?.env ?? []) {
        expect(server?.env).toContainEqual(variable);
      }
      for (const volume of patch.spec.volumes ?? []) {
        expect(after.spec.volumes).toContainEqual(volume);
      }
    }),
  );
});

test("a port without a protocol is the one of TCP, and another one of UDP is another", () => {
  const template = {
    spec: {
      containers: [{ name: "server", ports: [{ containerPort: 8883 }] }],
    },
  };
  const ports = (protocol: string) =>
    patchedTemplate(
      template,
      stringify({
        spec: {
          containers: [
            { name: "server", ports: [{ containerPort: 8883, protocol }] },
          ],
        },
      }),
    );
  expect(ports("TCP")).toEqual({
    spec: {
      containers: [
        { name: "server", ports: [{ containerPort: 8883, protocol: "TCP" }] },
      ],
    },
  });
  expect(ports("UDP").spec).toMatchObject({
    containers: [{ ports: [{}, { protocol: "UDP" }] }],
  });
});

test("an empty patch, as for the Helm chart, changes nothing", () => {
  expect(patchedTemplate({ spec: {} }, "")).toEqual({ spec: {} });
});
