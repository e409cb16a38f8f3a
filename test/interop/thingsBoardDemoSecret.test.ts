import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { thingsBoardCredentialsId } from "../../pki/thingsBoard";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram } from "../support/command";
import { Fleet } from "../support/fleet";
import { readObject } from "../support/rendered";
import {
  TLS_VERSIONS,
  ThingsBoardLoader,
  loaderProgram,
  shakeHands,
} from "./stacks/thingsBoardLoader";

const program = loaderProgram();
const openssl = findProgram("openssl");
const PASSPHRASE = "a long and random passphrase";
const DEVICE = "thermometer-berlin-01";

/** What is emitted for ThingsBoard is loaded as it loads it, and served. */
describeWith(
  {
    name: "openssl, or a Java with BouncyCastle",
    path: program.command === undefined ? undefined : openssl,
  },
  program.command === undefined ? program.reason : "apt-get install openssl",
  "ThingsBoard's loader on rendered Secrets",
  (client) => {
    let demo: Fleet;
    let encrypted: Fleet;
    let loader: ThingsBoardLoader;

    beforeAll(async () => {
      if (program.command !== undefined) {
        loader = new ThingsBoardLoader(program.command);
      }
      demo = new Fleet();
      await demo.up();
      encrypted = new Fleet("test/e2e/programs/encryptedServerKey");
      await encrypted.configure("keyPassphrase", PASSPHRASE).up();
    });

    afterAll(() => {
      loader.end();
      demo.remove();
      encrypted.remove();
    });

    /** Mounts a Secret as ThingsBoard's manifests do, and loads it. */
    const load = (
      fleet: Fleet,
      secret: string,
      password: string,
    ): Promise<number | string> => {
      const { data } = readObject(secret);
      const [certFile = "", keyFile = ""] = [
        "server.pem",
        "mqttserver_key.pem",
      ].map((name) => {
        const path = fleet.path(name);
        writeFileSync(path, data[name] ?? "", { mode: 0o600 });
        return path;
      });
      return loader.pem("THINGSBOARD", certFile, keyFile, password);
    };

    test("the demo's: a device of its batch shakes hands", async () => {
      const secret = demo.rendered(
        ...["1-manifest", "v1-secret-thingsboard-tb-mqtts.yaml"],
      );
      // The default of MQTT_SSL_PEM_KEY_PASSWORD does a plain key no harm.
      for (const password of ["", "server_key_password"]) {
        const port = await load(demo, secret, password);
        expect(typeof port).toBe("number");
        const files = demo.rendered("devices", DEVICE);
        const chain = splitPem(readFileSync(join(files, "chain.pem"), "utf8"));
        const issuersFile = demo.path("issuers.pem");
        writeFileSync(issuersFile, chain.slice(1).join(""));
        const roots = demo.path("roots.pem");
        writeFileSync(roots, readObject(secret).data["ca.crt"] ?? "");
        for (const version of TLS_VERSIONS) {
          expect(
            await shakeHands(
              client,
              Number(port),
              version,
              {
                certFile: join(files, "cert.pem"),
                issuersFile,
                keyFile: join(files, "key.pem"),
              },
              ["-CAfile", roots, "-verify_return_error"],
            ),
          ).toEqual({
            protocol: version,
            shown: chain.length,
            credentialsId: thingsBoardCredentialsId(chain[0] ?? ""),
          });
        }
        await loader.stop(Number(port));
      }
    });

    test("an encrypted key: with its passphrase, and not without", async () => {
      const secret = encrypted.path(
        ...["out", "1-manifest", "v1-secret-default-broker.yaml"],
      );
      expect(await load(encrypted, secret, "server_key_password")).toMatch(
        /^refused: .*EncryptionException/,
      );
      const port = await load(encrypted, secret, PASSPHRASE);
      for (const version of TLS_VERSIONS) {
        expect(
          await shakeHands(client, Number(port), version, undefined),
        ).toMatchObject({ protocol: version, shown: 0 });
      }
      await loader.stop(Number(port));
    });
  },
);
