import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { vernemq } from "../../../platforms/brokers/vernemq";
import { describeWith, findProgram } from "../../support/command";
import { required } from "../../support/rendered";
import { anySettings, settingsFor } from "./anySettings";

const MANY = 60;

describe("the configuration of VerneMQ", () => {
  test("is this by default", () => {
    const { files, environment } = vernemq.generate(settingsFor(vernemq));
    expect(files).toMatchInlineSnapshot(`
     {
       "vernemq.conf": "listener.ssl.default = 0.0.0.0:8883
     listener.ssl.default.cafile = /mqtt/device-roots/ca-bundle.pem
     listener.ssl.default.certfile = /mqtt/server/tls.crt
     listener.ssl.default.keyfile = /mqtt/server/tls.key
     listener.ssl.default.depth = 5
     listener.ssl.default.tls_version = tlsv1.2,tlsv1.3
     listener.ssl.default.require_certificate = on
     listener.ssl.default.use_identity_as_username = on
     listener.ssl.default.allow_anonymous_override = on
     allow_anonymous = off
     listener.tcp.default = 127.0.0.1:1883
     listener.ws.default = 127.0.0.1:8080
     plugins.vmq_acl = on
     vmq_acl.acl_file = /mqtt/configuration/vmq.acl
     ",
       "vmq.acl": "pattern devices/%u/#
     ",
     }
    `);
    expect(environment).toMatchInlineSnapshot(`
     {
       "DOCKER_VERNEMQ_ALLOW_ANONYMOUS": "off",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT": "0.0.0.0:8883",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__ALLOW_ANONYMOUS_OVERRIDE": "on",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__CAFILE": "/mqtt/device-roots/ca-bundle.pem",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__CERTFILE": "/mqtt/server/tls.crt",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__DEPTH": "5",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__KEYFILE": "/mqtt/server/tls.key",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__REQUIRE_CERTIFICATE": "on",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__TLS_VERSION": "tlsv1.2,tlsv1.3",
       "DOCKER_VERNEMQ_LISTENER__SSL__DEFAULT__USE_IDENTITY_AS_USERNAME": "on",
       "DOCKER_VERNEMQ_LISTENER__TCP__DEFAULT": "127.0.0.1:1883",
       "DOCKER_VERNEMQ_LISTENER__WS__DEFAULT": "127.0.0.1:8080",
       "DOCKER_VERNEMQ_PLUGINS__VMQ_ACL": "on",
       "DOCKER_VERNEMQ_VMQ_ACL__ACL_FILE": "/mqtt/configuration/vmq.acl",
     }
    `);
  });

  test("tells no device apart where nobody is to be", () => {
    const { files } = vernemq.generate(
      settingsFor(vernemq, { identity: "None" }),
    );
    expect(files["vmq.acl"]).toBe("topic #\n");
    expect(files["vernemq.conf"]).toContain(
      "listener.ssl.default.use_identity_as_username = off\n",
    );
  });

  test("has rules of its own for topics without a device", () => {
    const { files } = vernemq.generate(
      settingsFor(vernemq, { topics: ["devices/{device}/#", "all/+"] }),
    );
    expect(files["vmq.acl"]).toBe("pattern devices/%u/#\ntopic all/+\n");
  });

  test("reads a revocation list", () => {
    const crlPem = "a list";
    const { files, crlFiles, reload } = vernemq.generate(
      settingsFor(vernemq, { crlPem }),
    );
    expect(files["vernemq.conf"]).toContain(
      "listener.ssl.default.crlfile = /mqtt/crl/crl.pem\n",
    );
    expect(crlFiles).toEqual({ "crl.pem": crlPem });
    expect(reload.crl).toMatchObject({ way: "watch", seconds: 60 });
  });

  test("is refused where nobody in particular would be given topics", () => {
    const optional = { requireCertificate: false };
    expect(vernemq.problems(settingsFor(vernemq, optional))).toEqual([]);
    expect(
      vernemq.problems(settingsFor(vernemq, { ...optional, topics: ["all"] })),
    ).toMatchInlineSnapshot(`
     [
       "requireCertificate: false would give a client without a certificate every topic that has no {device} in it; leave it out.",
     ]
    `);
    expect(
      vernemq.problems(settingsFor(vernemq, { ...optional, identity: "None" })),
    ).toHaveLength(1);
  });
});

/** RabbitMQ has brought the parser that VerneMQ reads its configuration with. */
function cuttlefish(): string | undefined {
  const home = "/usr/lib/rabbitmq/lib";
  return existsSync(home)
    ? readdirSync(home)
        .map((name) => join(home, name, "plugins"))
        .filter(existsSync)
        .flatMap((plugins) =>
          readdirSync(plugins)
            .filter((name) => name.startsWith("cuttlefish-"))
            .map((name) => join(plugins, name, "ebin")),
        )
        .at(-1)
    : undefined;
}

describeWith(
  {
    name: "Erlang with cuttlefish, as RabbitMQ brings it,",
    path: cuttlefish() === undefined ? undefined : findProgram("erl"),
  },
  "apt-get install rabbitmq-server",
  "vernemq.conf as its parser reads it",
  (program) => {
    test("says what was asked for, as the variables do", () => {
      const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-vernemq-"));
      try {
        const made = fc
          .sample(anySettings(vernemq), MANY)
          .map((settings) => vernemq.generate(settings));
        const paths = made.map(({ files }, index) => {
          const path = join(folder, `${index}.conf`);
          writeFileSync(path, required(files, "vernemq.conf"));
          return path;
        });
        const { status, stdout } = spawnSync(
          program,
          [
            ...["-noshell", "-pa", cuttlefish() ?? "", "-eval"],
            `[begin [io:format("~s=~s~n", [lists:join(".", Key), Value]) || {Key, Value} <- cuttlefish_conf:file(Path)], io:format("~n") end || Path <- init:get_plain_arguments()], halt().`,
            ...["-extra", ...paths],
          ],
          { encoding: "utf8" },
        );
        expect(status).toBe(0);
        expect(stdout.trim().split("\n\n").map(entriesOf)).toEqual(
          made.map(({ environment }) =>
            entriesOf(
              // As the image does it: `cut -c 16- | tolower | sed 's/__/./g'`.
              Object.entries(environment)
                .map(
                  ([name, value]) =>
                    `${name.slice(15).toLowerCase().replaceAll("__", ".")}=${value}`,
                )
                .join("\n"),
            ),
          ),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);

function entriesOf(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines.split("\n").map((line) => {
      const end = line.indexOf("=");
      return [line.slice(0, end), line.slice(end + 1)];
    }),
  );
}
