import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { splitPem } from "../support/certificates";
import { describeWith, findProgram } from "../support/command";
import { Fleet } from "../support/fleet";
import type { Device } from "./stacks/thingsBoardLoader";
import {
  TLS_VERSIONS,
  ThingsBoardLoader,
  loaderProgram,
  shakeHands,
} from "./stacks/thingsBoardLoader";

const PASSWORD = "password-of-the-test-0123456789";
const KNOWN = "known";
const REFUSED = "refused";

const program = loaderProgram();
const openssl = findProgram("openssl") ?? "";

/** A Secret of the stack, what loads it, and what becomes of who comes. */
interface Row {
  readonly secret: string;
  readonly product: string;
  /** A device below the device root. */
  readonly own: string;
  /** A device below the root of the servers. */
  readonly shared: string;
  /** Another server below that root, in the part of a device. */
  readonly server: string;
}

const ROWS: readonly Row[] = [
  {
    secret: "old",
    product: "THINGSBOARD",
    own: KNOWN,
    shared: KNOWN,
    // Whoever has a certificate: the device profile is what decides.
    server: KNOWN,
  },
  {
    secret: "broker-keystore",
    product: "THINGSBOARD",
    own: KNOWN,
    shared: KNOWN,
    server: KNOWN,
  },
  {
    secret: "encrypted",
    product: "THINGSBOARD",
    own: KNOWN,
    shared: KNOWN,
    server: KNOWN,
  },
  {
    secret: "encrypted-tbmq",
    product: "TBMQ",
    own: REFUSED,
    shared: KNOWN,
    // The extended key usage says that it is none.
    server: REFUSED,
  },
  {
    secret: "tbmq-store",
    product: "TBMQ",
    own: KNOWN,
    shared: REFUSED,
    server: REFUSED,
  },
];

describeWith(
  { name: "a Java with BouncyCastle", path: program.command?.program },
  program.command === undefined ? program.reason : "",
  "what ThingsBoardMqtt puts into Secrets",
  () => {
    const fleet = new Fleet("test/e2e/programs/thingsBoardListeners");
    let loader: ThingsBoardLoader;

    beforeAll(async () => {
      if (program.command !== undefined) {
        loader = new ThingsBoardLoader(program.command);
      }
      fleet.configure("password", PASSWORD);
      await fleet.up();
    }, 120_000);

    afterAll(() => {
      loader.end();
      fleet.remove();
    });

    /** The files of a Secret, as they are mounted. */
    function filesOf(secret: string): Record<string, string> {
      const object = parse(
        readFileSync(
          fleet.path("out", "1-manifest", `v1-secret-default-${secret}.yaml`),
          "utf8",
        ),
      ) as { data: Record<string, string> };
      return Object.fromEntries(
        Object.entries(object.data).map(([name, base64]) => {
          const path = fleet.path(`${secret}-${name}`);
          writeFileSync(path, Buffer.from(base64, "base64"), { mode: 0o600 });
          return [name, path];
        }),
      );
    }

    /** The port at which a Secret is served, or why it is not. */
    function serve({ secret, product }: Row): Promise<number | string> {
      const files = filesOf(secret);
      const store = files["keystore.p12"];
      return store === undefined
        ? loader.pem(
            product,
            files["server.pem"] ?? "",
            files["mqttserver_key.pem"] ?? "",
            secret === "old" ? "" : PASSWORD,
          )
        : loader.keystore(product, {
            type: "PKCS12",
            path: store,
            password: PASSWORD,
            keyPassword: PASSWORD,
            alias: "server",
          });
    }

    /** Who comes: leaf and chain apart, as openssl takes them. */
    function comer(name: string, chain: string, keyFile: string): Device {
      const [leaf = "", ...issuers] = splitPem(readFileSync(chain, "utf8"));
      const [certFile, issuersFile] = ["leaf", "issuers"].map((part) =>
        fleet.path(`${name}-${part}.pem`),
      ) as [string, string];
      writeFileSync(certFile, leaf);
      writeFileSync(issuersFile, issuers.join(""));
      return { certFile, issuersFile, keyFile };
    }

    function comers(): Record<"own" | "shared" | "server", Device> {
      const device = (name: string): Device => {
        const file = (part: string): string =>
          fleet.path("out", name, `device-${name}`, part);
        return comer(name, file("chain.pem"), file("key.pem"));
      };
      // Of a server that none of the Secrets with CAs for devices is for: its own leaf Java takes for trusted.
      const files = filesOf("old");
      return {
        own: device("own"),
        shared: device("shared"),
        server: comer("server", files["tls.crt"] ?? "", files["tls.key"] ?? ""),
      };
    }

    test.each(ROWS)(
      "$secret, loaded by $product",
      async (row) => {
        const port = await serve(row);
        expect(typeof port).toBe("number");
        const found = Object.entries(comers()).map(
          async ([name, device]): Promise<[string, string[]]> => [
            name,
            await Promise.all(
              TLS_VERSIONS.map(async (version) => {
                const greeting = await shakeHands(
                  openssl,
                  Number(port),
                  version,
                  device,
                );
                return typeof greeting === "string"
                  ? REFUSED
                  : greeting.shown > 0
                    ? KNOWN
                    : "without a certificate";
              }),
            ),
          ],
        );
        expect(Object.fromEntries(await Promise.all(found))).toEqual({
          own: TLS_VERSIONS.map(() => row.own),
          shared: TLS_VERSIONS.map(() => row.shared),
          server: TLS_VERSIONS.map(() => row.server),
        });
        await loader.stop(Number(port));
      },
      60_000,
    );
  },
);
