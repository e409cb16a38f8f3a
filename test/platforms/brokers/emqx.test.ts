import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { emqx } from "../../../platforms/brokers/emqx";
import { JAVA } from "../../brokers/javaBroker";
import { describeWith, findProgram } from "../../support/command";
import { mavenJars } from "../../support/maven";
import { required } from "../../support/rendered";
import { anySettings, settingsFor } from "./anySettings";

const MANY = 60;

describe("the configuration of EMQX", () => {
  test("is this by default", () => {
    const { files, environment } = emqx.generate(settingsFor(emqx));
    expect(files).toMatchInlineSnapshot(`
     {
       "acl.conf": "{allow, all, all, ["devices/\${username}/#"]}.
     {deny, all}.
     ",
       "mqtt-tls.hocon": "listeners {
       ssl {
         default {
           enable = true
           bind = "0.0.0.0:8883"
           ssl_options {
             cacertfile = "/mqtt/device-roots/ca-bundle.pem"
             certfile = "/mqtt/server/tls.crt"
             keyfile = "/mqtt/server/tls.key"
             verify = "verify_peer"
             fail_if_no_peer_cert = true
             depth = 5
             versions = ["tlsv1.3","tlsv1.2"]
           }
         }
       }
       tcp {
         default {
           enable = false
         }
       }
       ws {
         default {
           enable = false
         }
       }
       wss {
         default {
           enable = false
         }
       }
     }
     mqtt {
       peer_cert_as_username = "cn"
       peer_cert_as_clientid = "cn"
     }
     authorization {
       no_match = "deny"
       sources = [{"type":"file","enable":true,"path":"/mqtt/configuration/acl.conf"}]
     }
     ",
     }
    `);
    expect(environment).toMatchInlineSnapshot(`
     {
       "EMQX_AUTHORIZATION__NO_MATCH": ""deny"",
       "EMQX_AUTHORIZATION__SOURCES": "[{"type":"file","enable":true,"path":"/mqtt/configuration/acl.conf"}]",
       "EMQX_LISTENERS__SSL__DEFAULT__BIND": ""0.0.0.0:8883"",
       "EMQX_LISTENERS__SSL__DEFAULT__ENABLE": "true",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__CACERTFILE": ""/mqtt/device-roots/ca-bundle.pem"",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__CERTFILE": ""/mqtt/server/tls.crt"",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__DEPTH": "5",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__FAIL_IF_NO_PEER_CERT": "true",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__KEYFILE": ""/mqtt/server/tls.key"",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__VERIFY": ""verify_peer"",
       "EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__VERSIONS": "["tlsv1.3","tlsv1.2"]",
       "EMQX_LISTENERS__TCP__DEFAULT__ENABLE": "false",
       "EMQX_LISTENERS__WSS__DEFAULT__ENABLE": "false",
       "EMQX_LISTENERS__WS__DEFAULT__ENABLE": "false",
       "EMQX_MQTT__PEER_CERT_AS_CLIENTID": ""cn"",
       "EMQX_MQTT__PEER_CERT_AS_USERNAME": ""cn"",
     }
    `);
  });

  test("takes no name from a certificate where none is to be told apart", () => {
    const { files } = emqx.generate(settingsFor(emqx, { identity: "None" }));
    expect(files["mqtt-tls.hocon"]).toContain(
      'peer_cert_as_username = "disabled"',
    );
    expect(files["acl.conf"]).toBe('{allow, all, all, ["#"]}.\n{deny, all}.\n');
  });

  test("is refused where a client would name itself, and where a subject would be a topic", () => {
    expect(
      emqx.problems(
        settingsFor(emqx, { identity: "Subject", requireCertificate: false }),
      ),
    ).toMatchInlineSnapshot(`
     [
       "requireCertificate: false would let a client without a certificate be whoever its user name says; leave it out.",
       "topics: a subject may hold "/", "+" and "#", which make another topic filter of it; leave {device} out, or write identity "CommonName".",
     ]
    `);
  });
});

const java = findProgram("java");
const jars = mavenJars(join(JAVA, "hocon.lock"));

describeWith(
  {
    name: "a JDK with the parser of HOCON from Maven Central",
    path: jars.paths === undefined ? undefined : java,
  },
  "apt-get install openjdk-17-jdk-headless, and set MAVEN_REPOSITORY where Maven Central is out of reach",
  "HOCON as its own makers read it",
  (program) => {
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "mqtt-pki-emqx-"));
    });

    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    function read(texts: readonly string[]): unknown[] {
      const paths = texts.map((text, index) => {
        const path = join(folder, `${index}.conf`);
        writeFileSync(path, text);
        return path;
      });
      const { status, stdout, stderr } = spawnSync(
        program,
        [
          ...["-cp", jars.paths === undefined ? "" : jars.classPath],
          ...[join(JAVA, "Hocon.java"), ...paths],
        ],
        { encoding: "utf8" },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return stdout
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
    }

    test("the file and the variables say the same, and what was asked for", () => {
      const all = fc.sample(anySettings(emqx), MANY);
      const made = all.map((settings) => emqx.generate(settings));
      const files = read(
        made.map(({ files: texts }) => required(texts, "mqtt-tls.hocon")),
      );
      const variables = read(
        made.map(({ environment }) =>
          Object.entries(environment)
            .map(([name, value]) => {
              expect(name).toMatch(/^EMQX_[A-Z0-9_]+$/);
              const key = name.slice("EMQX_".length).toLowerCase();
              return `${key.replaceAll("__", ".")} = ${value}\n`;
            })
            .join(""),
        ),
      );
      expect(variables).toEqual(files);
      expect(files).toEqual(
        all.map(({ paths, port, address }): unknown =>
          expect.objectContaining({
            listeners: expect.objectContaining({
              ssl: {
                default: {
                  enable: true,
                  bind: `${address.includes(":") ? `[${address}]` : address}:${port}`,
                  ssl_options: {
                    cacertfile: `${paths.trust}/ca-bundle.pem`,
                    certfile: `${paths.server}/tls.crt`,
                    keyfile: `${paths.server}/tls.key`,
                    verify: "verify_peer",
                    fail_if_no_peer_cert: true,
                    depth: 5,
                    versions: ["tlsv1.3", "tlsv1.2"],
                  },
                },
              },
              tcp: { default: { enable: false } },
            }) as unknown,
            authorization: {
              no_match: "deny",
              sources: [
                {
                  type: "file",
                  enable: true,
                  path: `${paths.configuration}/acl.conf`,
                },
              ],
            },
          }),
        ),
      );
    });
  },
);

describeWith(
  { name: "Erlang", path: findProgram("erl") },
  "apt-get install erlang-base",
  "rules as Erlang reads them",
  (program) => {
    test("allow what was asked for, and no more", () => {
      const folder = mkdtempSync(join(tmpdir(), "mqtt-pki-emqx-"));
      try {
        const all = fc.sample(anySettings(emqx), MANY);
        const paths = all.map((settings, index) => {
          const path = join(folder, `${index}.conf`);
          writeFileSync(
            path,
            required(emqx.generate(settings).files, "acl.conf"),
          );
          return path;
        });
        // Topics as JSON, one file on a line; anything but the two rules is an error.
        const { status, stdout } = spawnSync(
          program,
          [
            ...["-noshell", "-eval"],
            `[begin {ok, [{allow, all, all, Topics}, {deny, all}]} = file:consult(Path), io:format("~0p~n", [Topics]) end || Path <- init:get_plain_arguments()], halt().`,
            ...["-extra", ...paths],
          ],
          { encoding: "utf8" },
        );
        expect(status).toBe(0);
        expect(
          stdout
            .trim()
            .split("\n")
            .map((line): unknown => JSON.parse(line)),
        ).toEqual(
          all.map(({ identity, topics }) =>
            identity === "None"
              ? ["#"]
              : topics.map((filter) =>
                  filter.replaceAll("{device}", "${username}"),
                ),
          ),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
