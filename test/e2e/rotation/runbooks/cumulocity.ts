import { sign } from "node:crypto";
import { splitPem } from "../../../support/certificates";
import { Cumulocity } from "../../../support/platforms/cumulocity";
import type { OpenSsl } from "../../../pki/support/openssl";
import type { Checks, Outside } from "./outside";
import type { Holdings, PlayedFleet } from "./playedFleet";

/** The roots of a fleet in Cumulocity's list of trusted certificates. */
export class DeviceCaOfCumulocity implements Outside {
  private readonly platform: Cumulocity;
  private first!: Holdings;
  /** Fingerprints. */
  private old = "";
  private fresh = "";

  constructor(
    private readonly fleet: PlayedFleet,
    private readonly checks: Checks,
    openssl: OpenSsl,
  ) {
    this.platform = new Cumulocity(openssl, new Date(0));
  }

  async begin(): Promise<void> {
    this.first = this.fleet.holdings();
    const started = this.fleet.player.playground.position()?.started ?? "";
    this.platform.now = new Date(Date.parse(started) + 1000);
    const [root = ""] = splitPem(this.first.deviceRoots);
    this.comes("before the upload: a device", this.first, false);
    this.old = await this.upload(root, "device-root-key");
    this.comes("a device on day 0", this.first, true);
  }

  async after(step: string, at: Date): Promise<void> {
    this.platform.now = at;
    const now = this.fleet.holdings();
    if (step === "01-stage") {
      await this.stage();
    }
    if (step === "03-activate") {
      this.comes("the old chain", this.first, true);
      this.platform.update(this.fresh, { status: "DISABLED" });
      this.comes("the new root DISABLED: the new chain", now, false);
      this.platform.update(this.fresh, { status: "ENABLED" });
    }
    if (step === "06-retire") {
      this.comes("not DISABLED yet: the old chain", this.first, true);
      this.platform.update(this.old, { status: "DISABLED" });
      this.comes("DISABLED: the old chain", this.first, false);
      this.checks.equal("delete", this.platform.delete(this.old).status, 204);
      this.checks.equal("again", this.platform.delete(this.old).status, 404);
    }
    this.comes(`${step}: what a device holds now`, now, true);
  }

  async end(): Promise<void> {
    return Promise.resolve();
  }

  private async stage(): Promise<void> {
    const known = splitPem(this.first.deviceRoots);
    const anchors = splitPem(await this.fleet.output("deviceTrustAnchors"));
    const added = anchors.filter((pem) => !known.includes(pem));
    this.checks.equal("new roots", added.length, 1);
    const [root = ""] = added;
    this.fresh = await this.upload(root, "device-root-2027a-key");
    const again = { certInPemFormat: root, status: "ENABLED" };
    this.checks.equal(
      "uploaded twice",
      this.platform.upload(again).status,
      409,
    );
  }

  /** Uploads a root and proves possession of its key; its fingerprint. */
  private async upload(pem: string, keyName: string): Promise<string> {
    const { status, body } = this.platform.upload({
      certInPemFormat: pem,
      status: "ENABLED",
      autoRegistrationEnabled: true,
    });
    this.checks.equal("upload", status, 201);
    const fingerprint = body?.fingerprint ?? "";
    const code = body?.proofOfPossessionUnsignedVerificationCode ?? "";
    const signed = async (name: string, text: string) =>
      sign("sha256", Buffer.from(text), await this.fleet.key(name)).toString(
        "base64",
      );
    const prove = (signature: string) =>
      this.platform.provePossession(fingerprint, signature);
    const stranger = await signed("device-ca-key", code);
    this.checks.equal("another key's proof", prove(stranger).status, 400);
    const padded = await signed(keyName, `${code}\n`);
    this.checks.equal("a line break too many", prove(padded).status, 400);
    this.checks.equal(
      "proof of possession",
      prove(await signed(keyName, code)).body?.proofOfPossessionValid,
      true,
    );
    return fingerprint;
  }

  private comes(what: string, { device }: Holdings, expected: boolean): void {
    const { accepted } = this.platform.connect(device.chain, device.id);
    this.checks.equal(`${what} is let in`, accepted, expected);
  }
}
