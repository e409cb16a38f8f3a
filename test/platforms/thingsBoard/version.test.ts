import fc from "fast-check";
import { ThingsBoardProduct } from "../../../platforms/thingsBoard/product";
import {
  isAtLeast,
  parseThingsBoardVersion,
  reloadsCertificates,
  versionProblems,
} from "../../../platforms/thingsBoard/version";

const { ThingsBoard, Edge, Tbmq } = ThingsBoardProduct;

/** A version, its numbers, and whether it is one before the release. */
const READ: readonly [string, readonly number[], boolean][] = [
  ["4.4", [4, 4], false],
  ["v4.4.0", [4, 4, 0], false],
  ["4.3.1.2", [4, 3, 1, 2], false],
  ["4.3.1.2PE", [4, 3, 1, 2], false],
  ["4.4.0.1EDGE", [4, 4, 0, 1], false],
  ["4.4.0EDGEPE", [4, 4, 0], false],
  ["4.3.1-PE", [4, 3, 1], false],
  ["4.3.1.2-SNAPSHOT", [4, 3, 1, 2], true],
  ["4.4.0EDGE-SNAPSHOT", [4, 4, 0], true],
  ["4.4.0-RC1", [4, 4, 0], true],
  ["thingsboard/tb-node:4.3.1.2", [4, 3, 1, 2], false],
  ["registry.example.com:5000/tb/tb-pe-node:4.3.1PE", [4, 3, 1], false],
  [`thingsboard/tbmq-node:2.3.0@sha256:${"a".repeat(64)}`, [2, 3, 0], false],
];

const NO_VERSIONS = [
  "",
  "latest",
  "thingsboard/tb-node",
  "thingsboard/tb-node:latest",
  "registry.example.com:5000/tb/tb-node",
  "4",
  "4.3.1.2.1",
  "4.3.x",
  "4.3.1-custom",
  "4.-3",
];

test.each(READ)("%s is read", (text, numbers, preRelease) => {
  expect(parseThingsBoardVersion(text)).toEqual({ numbers, preRelease, text });
});

test.each(NO_VERSIONS)("%j is no version", (text) => {
  expect(parseThingsBoardVersion(text)).toBeUndefined();
});

/** The releases whose configuration files have TB_TRANSPORT_SSL_CERTIFICATE_RELOAD_ENABLED, and their neighbours. */
const RELOADS: readonly [string, boolean][] = [
  ["3.3.2", false],
  ["4.1", false],
  ["4.2", false],
  ["4.2.2.1", false],
  ["4.2.2.2", true],
  ["4.2.2.6", true],
  ["4.2.3", true],
  ["4.3", false],
  ["4.3.0.1", false],
  ["4.3.1", false],
  ["4.3.1.1", false],
  ["4.3.1.2-SNAPSHOT", false],
  ["4.3.1.2", true],
  ["4.3.1.2PE", true],
  ["4.3.1.6", true],
  ["4.4", true],
  ["4.4.0.1", true],
  ["5.0", true],
];

test.each(RELOADS)("%s reloads certificates: %s", (text, reloads) => {
  const version = parseThingsBoardVersion(text);
  expect(version).toBeDefined();
  expect(reloadsCertificates(ThingsBoard, version)).toBe(reloads);
  expect(reloadsCertificates(Edge, version)).toBe(reloads);
  expect(reloadsCertificates(Tbmq, version)).toBe(false);
});

test("left out, it is the newest version; TBMQ's does not reload, either", () => {
  expect(reloadsCertificates(ThingsBoard, undefined)).toBe(true);
  expect(reloadsCertificates(Tbmq, undefined)).toBe(false);
});

const NUMBERS = fc.array(fc.nat({ max: 30 }), { minLength: 2, maxLength: 4 });

test("versions compare by their numbers, those that are missing being 0", () => {
  fc.assert(
    fc.property(NUMBERS, NUMBERS, (one, other) => {
      const version = parseThingsBoardVersion(one.join("."));
      const snapshot = parseThingsBoardVersion(`${one.join(".")}-SNAPSHOT`);
      const value = (numbers: readonly number[]): number =>
        [0, 1, 2, 3].reduce(
          (sum, index) => sum * 31 + (numbers[index] ?? 0),
          0,
        );
      if (version === undefined || snapshot === undefined) {
        throw new Error(one.join("."));
      }
      expect(isAtLeast(version, ...other)).toBe(value(one) >= value(other));
      expect(isAtLeast(snapshot, ...other)).toBe(value(one) > value(other));
    }),
  );
});

const ALL = {
  pem: true,
  chainProvisioning: true,
  connectivity: true,
  edgeRpcPassphrase: true,
};
const PATHS = {
  credentialsType: "3.3.2",
  deviceAuthority: "3.5",
  connectivity: "3.6.1",
  edgeRpc: "4.3.1.1",
};

test.each([
  ["3.3.1", ["credentialsType", "deviceAuthority", "connectivity", "edgeRpc"]],
  ["3.3.2", ["deviceAuthority", "connectivity", "edgeRpc"]],
  ["3.4.4", ["deviceAuthority", "connectivity", "edgeRpc"]],
  ["3.5", ["connectivity", "edgeRpc"]],
  ["3.6", ["connectivity", "edgeRpc"]],
  ["3.6.1", ["edgeRpc"]],
  ["4.2.2", ["edgeRpc"]],
  ["4.2.2.1", []],
  ["4.3.1", ["edgeRpc"]],
  ["4.3.1.1", []],
  ["4.4.0", []],
] as const)("what %s has not yet: %j", (text, paths) => {
  const problems = versionProblems(ThingsBoard, text, ALL);
  expect(problems).toEqual(
    paths.map((path) => expect.stringMatching(`^${path}: `) as string),
  );
  for (const [index, path] of paths.entries()) {
    expect(problems[index]).toContain(`since version ${PATHS[path]}`);
    expect(problems[index]).toMatch(/; .*update ThingsBoard\.$/);
  }
  const none = {
    pem: false,
    chainProvisioning: false,
    connectivity: false,
    edgeRpcPassphrase: false,
  };
  expect(versionProblems(ThingsBoard, text, none)).toEqual([]);
  expect(versionProblems(Tbmq, text, ALL)).toEqual([]);
});

test("what is no version is refused for every product", () => {
  for (const product of [ThingsBoard, Edge, Tbmq]) {
    expect(versionProblems(product, "latest", ALL)).toEqual([
      'version: "latest" is no version; write the release that runs, such as "4.3.1.2", or leave it out for the newest.',
    ]);
  }
});
