import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Player } from "../../../../examples/rotation/player";
import { Playground } from "../../../../examples/rotation/playground";
import type { RunbookName } from "../../../../examples/rotation/steps";
import { readInventory, readObject, required } from "../../../support/rendered";
import { stateSchema } from "../../../support/report";

/** A certificate's chain and key, PEM. */
export interface Credentials {
  readonly chain: string;
  readonly key: string;
}

/** What brokers and devices hold after an update. */
export interface Holdings {
  readonly server: Credentials;
  /** What devices know the broker by, PEM. */
  readonly serverRoots: string;
  /** What the broker knows devices by, PEM. */
  readonly deviceRoots: string;
  /** One of the devices; the others differ in their names only. */
  readonly device: Credentials & { readonly id: string };
}

/** A rotation that is played through the code of `npm run play`, in a folder of its own. */
export class PlayedFleet {
  readonly player: Player;
  readonly folder: string;

  constructor(runbook: RunbookName) {
    const parent = mkdtempSync(join(tmpdir(), "mqtt-pki-play-"));
    this.folder = realpathSync(parent);
    this.player = new Player(
      runbook,
      new Playground(join(this.folder, "project")),
    );
  }

  holdings(): Holdings {
    const secret = this.object("secret", "tb-mqtts");
    const [id = ""] = Object.keys(
      readInventory(this.rendered("devices", "inventory.csv")),
    );
    const device = (name: string) =>
      readFileSync(this.rendered("devices", id, name), "utf8");
    return {
      server: {
        chain: required(secret, "tls.crt"),
        key: required(secret, "tls.key"),
      },
      serverRoots: required(secret, "ca.crt"),
      deviceRoots: required(
        this.object("configmap", "mqtt-device-ca-bundle"),
        "ca-bundle.pem",
      ),
      device: { id, chain: device("chain.pem"), key: device("key.pem") },
    };
  }

  /** An output of the stack, as `stack output` prints it. */
  async output(name: string): Promise<string> {
    return this.stack("output", name);
  }

  /** The private key in an exported state, as the runbook takes it out. */
  async key(resource: string): Promise<string> {
    const text = await this.stack("export", "--show-secrets");
    const { resources } = stateSchema.parse(JSON.parse(text)).deployment;
    const found = resources.find(({ urn }) => urn.endsWith(`::${resource}`));
    const secret = found?.outputs?.privateKeyPem as { plaintext: string };
    return JSON.parse(secret.plaintext) as string;
  }

  /** The state, secrets encrypted. */
  async state(): Promise<string> {
    return this.stack("export");
  }

  rendered(...parts: readonly string[]): string {
    return this.player.playground.path("rendered", "dev", ...parts);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private object(kind: string, name: string): Record<string, string> {
    return readObject(
      this.rendered("1-manifest", `v1-${kind}-thingsboard-${name}.yaml`),
    ).data;
  }

  private async stack(...args: readonly string[]): Promise<string> {
    const { playground } = this.player;
    const { code, stdout, stderr } = await playground.run(["stack", ...args]);
    if (code !== 0) {
      throw new Error(`stack ${args[0] ?? ""} failed:\n${stderr}`);
    }
    return stdout;
  }
}
