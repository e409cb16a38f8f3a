import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import type { KubeconfigOptions } from "../../cluster/kubeconfig";
import { chooseContext } from "../../cluster/kubeconfig";
import { InputError } from "../../pki/problem";
import { scratchFolder } from "../pki/support/openssl";

const home = scratchFolder();

interface Content {
  readonly names?: readonly string[];
  readonly current?: string;
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
}

/** A kubeconfig with a context, a cluster and a user of each name. */
function kubeconfig({
  names = ["here"],
  current = names[0] ?? "",
  server = "https://127.0.0.1:6443",
  cluster = {},
  user = { token: "token-of-a-test" },
}: Content = {}): object {
  return {
    clusters: names.map((name) => ({
      name,
      cluster: { server: `${server}/${name}`, ...cluster },
    })),
    users: names.map((name) => ({ name, user })),
    contexts: names.map((name) => ({
      name,
      context: { cluster: name, user: name },
    })),
    "current-context": current,
  };
}

function written(name: string, content: object = kubeconfig()): string {
  const path = join(home, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, stringify(content));
  return path;
}

function choose(
  options: KubeconfigOptions,
  environment: NodeJS.ProcessEnv = {},
) {
  return chooseContext(options, { environment, home });
}

function refusal(
  options: KubeconfigOptions,
  environment: NodeJS.ProcessEnv = {},
): string {
  try {
    choose(options, environment);
  } catch (error) {
    if (error instanceof InputError) {
      return error.message;
    }
    throw error;
  }
  throw new Error("it was not refused");
}

test("a path, one from the home folder, and content as YAML or JSON", () => {
  const path = written("one", kubeconfig({ names: ["one"] }));
  for (const given of [
    path,
    "~/one",
    stringify(kubeconfig({ names: ["one"] })),
    JSON.stringify(kubeconfig({ names: ["one"] })),
  ]) {
    expect(choose({ kubeconfig: given }).cluster.server).toBe(
      "https://127.0.0.1:6443/one",
    );
  }
});

test("of several files the first that has a name decides, and those that are missing are passed over", () => {
  const first = written("first", {
    ...kubeconfig({ names: ["a"], server: "https://first" }),
    "current-context": "",
  });
  const second = written(
    "second",
    kubeconfig({ names: ["b", "a"], server: "https://second" }),
  );
  const listed = [join(home, "missing"), first, second, ""].join(delimiter);
  const chosen = (context?: string) =>
    choose(context === undefined ? {} : { context }, { KUBECONFIG: listed })
      .cluster.server;
  expect(chosen()).toBe("https://second/b");
  expect(chosen("a")).toBe("https://first/a");
  expect(choose({ kubeconfig: listed, context: "a" }).cluster.server).toBe(
    "https://first/a",
  );
});

test("what is ambient, and what is said where there is nothing", () => {
  expect(refusal({})).toMatch(
    /^kubeconfig: no cluster is named: KUBECONFIG is not set, and .*\.kube\/config is not there or is empty; name a kubeconfig\.$/,
  );
  written(".kube/config", kubeconfig({ names: ["home"] }));
  expect(choose({ kubeconfig: "" }).name).toBe("home");
  expect(
    refusal({}, { KUBECONFIG: [join(home, "no"), "nowhere"].join(delimiter) }),
  ).toMatch(/none of the files that KUBECONFIG names is there/);
});

test("another cluster than the context's, and names that are not there", () => {
  const path = written("two", kubeconfig({ names: ["one", "two"] }));
  const given = { kubeconfig: path };
  expect(choose({ ...given, cluster: "two" })).toMatchObject({
    name: "one",
    clusterName: "two",
    userName: "one",
  });
  expect(refusal({ ...given, context: "three" })).toBe(
    'context: "three" is not in the kubeconfig; it has "one", "two".',
  );
  expect(refusal({ ...given, cluster: "three" })).toBe(
    'cluster: "three" is not in the kubeconfig; it has "one", "two".',
  );
  const none = written("none", { ...kubeconfig(), "current-context": "" });
  expect(refusal({ kubeconfig: none })).toBe(
    'context: the kubeconfig has no current context; write one of "here".',
  );
});

test("paths within start from the file's folder, and content within comes first", () => {
  written("folder/ca.crt", {});
  const path = written(
    "folder/config",
    kubeconfig({
      cluster: { "certificate-authority": "ca.crt" },
      user: { exec: { command: "./bin/login" }, tokenFile: "ca.crt" },
    }),
  );
  const { cluster, user } = choose({ kubeconfig: path });
  expect(cluster["certificate-authority"]).toBe(join(home, "folder", "ca.crt"));
  expect(user.tokenFile).toBe(join(home, "folder", "ca.crt"));
  expect(user.exec?.command).toBe(join(home, "folder", "bin", "login"));
});

test("what is wrong within is told all at once, by its name and never by its text", () => {
  const path = written(
    "wrong",
    kubeconfig({
      server: "127.0.0.1",
      user: {
        "client-key": "token-of-a-test",
        "client-certificate-data": "-----BEGIN token-of-a-test",
        "as-groups": ["a", "b"],
      },
    }),
  );
  const text = refusal({ kubeconfig: path });
  expect(text.split("\n")).toEqual([
    'kubeconfig: clusters["here"].cluster.server is no URL that starts with https://.',
    'kubeconfig: users["here"].user.client-certificate-data is not base64.',
    'kubeconfig: users["here"].user.client-key names a file that cannot be read.',
    'kubeconfig: users["here"].user.as-groups has several groups, and this client can name one only; write one.',
  ]);
  expect(text).not.toContain("token-of-a-test");
});

test("whatever is given as a kubeconfig is taken or refused, and no line of it is quoted", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom("\n", ": ", "- [", "{"),
      (text, mark) => {
        const secret = "token-of-a-test";
        const content = `${text}${mark}${secret}\n${text}`;
        try {
          choose({ kubeconfig: content });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect(String(error)).not.toContain(secret);
        }
      },
    ),
  );
});
