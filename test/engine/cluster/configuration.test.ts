import {
  checkArguments,
  compareArguments,
} from "../../../engine/providers/kubernetes/configuration";
import { type PropertyMap, UNKNOWN } from "../../../engine/values";

function kubeconfig(server: string, context = "c"): string {
  return JSON.stringify({
    clusters: [
      { name: "one", cluster: { server } },
      { name: "two", cluster: { server: "https://two" } },
    ],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [
      { name: "c", context: { cluster: "one", user: "u" } },
      { name: "d", context: { cluster: "two", user: "u" } },
    ],
    "current-context": context,
  });
}

const A = kubeconfig("https://a");

test.each<[string, PropertyMap, PropertyMap, string[]]>([
  ["nothing", { kubeconfig: A }, { kubeconfig: A }, []],
  [
    "another server",
    { kubeconfig: A },
    { kubeconfig: kubeconfig("https://b") },
    ["kubeconfig"],
  ],
  [
    "another server of the same cluster",
    { kubeconfig: A, clusterIdentifier: "x" },
    { kubeconfig: kubeconfig("https://b"), clusterIdentifier: "x" },
    [],
  ],
  [
    "another identifier",
    { kubeconfig: A, clusterIdentifier: "x" },
    { kubeconfig: A, clusterIdentifier: "y" },
    ["clusterIdentifier"],
  ],
  [
    "an identifier that is new",
    { kubeconfig: A },
    { kubeconfig: A, clusterIdentifier: "y" },
    [],
  ],
  [
    "a context of another cluster",
    { kubeconfig: A },
    { kubeconfig: A, context: "d" },
    ["context"],
  ],
  [
    "another context of the same cluster",
    { kubeconfig: A },
    { kubeconfig: A, context: "c" },
    [],
  ],
  [
    "another cluster",
    { kubeconfig: A },
    { kubeconfig: A, cluster: "two" },
    ["cluster"],
  ],
  [
    "an unknown kubeconfig",
    { kubeconfig: A },
    { kubeconfig: UNKNOWN },
    ["kubeconfig"],
  ],
  [
    "an unknown kubeconfig of the same cluster",
    { kubeconfig: A, clusterIdentifier: "x" },
    { kubeconfig: UNKNOWN, clusterIdentifier: "x" },
    [],
  ],
  [
    "a switch",
    { kubeconfig: A },
    { kubeconfig: A, enablePatchForce: "true" },
    [],
  ],
  [
    "another folder",
    { renderYamlToDirectory: "a" },
    { renderYamlToDirectory: "b" },
    ["renderYamlToDirectory"],
  ],
])("objects are made anew or not for %s", (_, olds, news, replaces) => {
  expect(compareArguments({ urn: "", olds, news })).toMatchObject({ replaces });
});

test.each<[PropertyMap, string[]]>([
  [{}, []],
  [{ kubeconfig: A, context: "c", clusterIdentifier: "x" }, []],
  [{ kubeconfig: A, enableServerSideApply: "true" }, []],
  [
    { kubeconfig: A, enableServerSideApply: "false" },
    ["enableServerSideApply"],
  ],
  [{ kubeconfig: A, alwaysRender: true }, ["alwaysRender"]],
  [{ kubeconfig: A, helmReleaseSettings: "{}" }, ["helmReleaseSettings"]],
  [{ renderYamlToDirectory: "a", context: "c" }, ["context"]],
])("the arguments %j have mistakes in %j", (news, properties) => {
  expect(checkArguments(news).map(({ property }) => property)).toEqual(
    properties,
  );
});
