import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../support/command";
import type { ApiServer } from "../apiServer";
import { describeCase } from "./case";
import type { StoredObject } from "./objects";
import { SECRETS, pathOf, stored, textOf } from "./objects";
import { makeDefinitions } from "../distribution/certManagerDefinitions";
import { DistributionStack } from "../distribution/stack";

const openssl = findProgram("openssl");

describeCase(
  "cert-manager",
  "a CA of ours as its issuer, and a CA of its as ours",
  async (given) => {
    const { engine, cluster, namespace } = given;
    await makeDefinitions(cluster);
    const stack = await DistributionStack.open(engine, {
      target: "cluster",
      kubeconfig: cluster.kubeconfig,
      namespace,
    });
    const scratch = mkdtempSync(join(tmpdir(), "mqtt-pki-cert-manager-"));
    given.later(() => {
      stack.remove();
      rmSync(scratch, { recursive: true, force: true });
    });
    const path = pathOf(namespace, SECRETS, "cluster-ca");

    await stack.want({ certManager: "intermediate" }).must("up");
    await stack.must("preview", "--expect-no-changes");
    const first = await stored(cluster, path);
    expect(first.type).toBe("kubernetes.io/tls");
    expect(first.metadata.annotations["mqtt-pki/generation"]).toBe("2026a");
    expect(textOf(first, "tls.key")).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    // The root last, and no other: by it cert-manager fills ca.crt.
    expect(textOf(first, "tls.crt").endsWith(textOf(first, "ca.crt"))).toBe(
      true,
    );
    expect(
      await cluster.get(
        `/apis/cert-manager.io/v1/namespaces/${namespace}/issuers/cluster-ca`,
      ),
    ).toMatchObject({ spec: { ca: { secretName: "cluster-ca" } } });
    const leaf = issue(scratch, first, "pod.svc.example.com");
    expect(verify(scratch, first, leaf)).toMatch(/: OK/);
    expect(
      verify(scratch, first, issue(scratch, first, "pod.example.org")),
    ).toMatch(/permitted subtree violation/);
    expect(await stack.said("stack", "export")).not.toMatch(
      /BEGIN[A-Z ]* PRIVATE KEY|LS0tLS1CRUdJTiBQUklW/,
    );

    // A rotation changes the Secret in place; what was issued stays good.
    for (const generations of [
      { "2026a": "active", "2027a": "staged" },
      { "2026a": "retiring", "2027a": "active" },
    ]) {
      await stack.want({ certManager: "intermediate", generations }).must("up");
    }
    const second = await stored(cluster, path);
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second.metadata.annotations["mqtt-pki/generation"]).toBe("2027a");
    expect(textOf(second, "tls.key")).not.toBe(textOf(first, "tls.key"));
    expect(
      verify(scratch, second, issue(scratch, second, "a.svc.example.com")),
    ).toMatch(/: OK/);
    expect(verify(scratch, first, leaf)).toMatch(/: OK/);

    // What cert-manager has signed with the old key is not in the stack, and counts.
    const generations = { "2026a": "retired", "2027a": "active" };
    expect(
      await stack.want({ certManager: "intermediate", generations }).refusal(),
    ).toMatch(/"2026a" of cluster-ca .*cert-manager-certificates .*\(I4\)/);

    // A root, and a CA whose key is not there.
    for (const [certManager, refusal] of [
      ["root", /cert-manager: issuer: is a root/],
      ["without its key", /issuer\.signer\.privateKeyPem: is not known here/],
    ] as const) {
      expect(await stack.want({ certManager }).refusal()).toMatch(refusal);
    }

    await readsItsSecrets(scratch, cluster, namespace, stack);
    await stack.want({}).must("destroy");
    return "signed by the exported key, verified by OpenSSL; a renewal taken over, another key refused";
  },
);

/** What cert-manager keeps in a Secret: a CA's certificate, its key as SEC1, and the root. */
async function readsItsSecrets(
  scratch: string,
  cluster: ApiServer,
  namespace: string,
  stack: DistributionStack,
): Promise<void> {
  const secrets = pathOf(namespace, SECRETS);
  const key = newKey(scratch);
  const made = (keyFile: string): Record<string, string> => {
    const certificate = selfSigned(scratch, keyFile);
    return {
      "tls.crt": certificate,
      "tls.key": readFileSync(keyFile).toString("base64"),
      "ca.crt": certificate,
    };
  };
  await cluster.create(secrets, {
    metadata: {
      name: "made",
      annotations: { "cert-manager.io/certificate-name": "made" },
    },
    type: "kubernetes.io/tls",
    data: made(key),
  });
  await stack.want({ read: "made" }).must("up");
  await stack.must("preview", "--expect-no-changes");

  await cluster.patch(`${secrets}/made`, { data: made(key) });
  expect(await stack.must("up")).toContain("update adopted-existing");

  await cluster.patch(`${secrets}/made`, { data: made(newKey(scratch)) });
  expect(await stack.refusal()).toMatch(/has another key .*\(I10\)/);

  expect(await stack.want({ read: "broker-tls" }).refusal()).toMatch(
    /made: secretName: .*\/broker-tls holds the certificate of "CN=mqtt\.example\.com", which is no CA/,
  );

  // Of a Secret that is cert-manager's, a preview warns before it is written.
  expect(await stack.want({ secretName: "made" }).said("preview")).toMatch(
    /warning: .*the Secret [^ ]*\/made is written by cert-manager as well, for its Certificate "made"/,
  );
}

function run(args: readonly string[]): string {
  return execFileSync(openssl ?? "openssl", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

let keys = 0;

function newKey(scratch: string): string {
  keys += 1;
  const file = join(scratch, `${keys}.key`);
  run(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file]);
  return file;
}

/** Base64, as a Secret has it. */
function selfSigned(scratch: string, key: string): string {
  const file = join(scratch, "root.crt");
  run([
    ...["req", "-x509", "-key", key, "-subj", "/CN=made", "-days", "90"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", file],
  ]);
  return readFileSync(file).toString("base64");
}

/** Issues to a host name by the CA in a Secret, as cert-manager would; answers the file. */
function issue(scratch: string, secret: StoredObject, host: string): string {
  const at = (name: string): string => join(scratch, name);
  for (const name of ["tls.crt", "tls.key"]) {
    writeFileSync(at(name), textOf(secret, name), { mode: 0o600 });
  }
  writeFileSync(
    at("extensions"),
    `basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:${host}\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n`,
  );
  const key = newKey(scratch);
  const leaf = at(`${host}.crt`);
  run(["req", "-new", "-key", key, "-subj", "/O=pod", "-out", at("request")]);
  run([
    ...["x509", "-req", "-in", at("request"), "-days", "30"],
    ...["-CA", at("tls.crt"), "-CAkey", at("tls.key"), "-CAcreateserial"],
    ...["-extfile", at("extensions"), "-out", leaf],
  ]);
  return leaf;
}

/** What OpenSSL says of a leaf, with the chain and the roots of a Secret. */
function verify(scratch: string, secret: StoredObject, leaf: string): string {
  const files = ["tls.crt", "ca.crt"].map((name) => {
    const file = join(scratch, `verify-${name}`);
    writeFileSync(file, textOf(secret, name));
    return file;
  });
  const [chain = "", roots = ""] = files;
  try {
    return run([
      ...["verify", "-x509_strict", "-CAfile", roots],
      ...["-untrusted", chain, leaf],
    ]);
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}
