import { thingsBoardCredentialsId } from "../../pki/thingsBoard";
import { issue } from "./support/authority";
import { describeOpenSsl } from "./support/openssl";

describeOpenSsl("the credentials id", (openssl) => {
  test("is SHA3-256 over the base64 text between the PEM lines, as ThingsBoard's EncryptionUtil makes it", async () => {
    for (let count = 0; count < 5; count += 1) {
      const { certificatePem } = await issue(undefined);
      // What ThingsBoard strips: the two marker lines, carriage returns and line feeds.
      const text = certificatePem
        .replace("-----BEGIN CERTIFICATE-----", "")
        .replace("-----END CERTIFICATE-----", "")
        .replaceAll("\r", "")
        .replaceAll("\n", "");
      const digest = openssl.run(["dgst", "-sha3-256", "-r"], text);
      expect(thingsBoardCredentialsId(certificatePem)).toBe(
        digest.split(" ")[0],
      );
    }
  });

  test("does not depend on line ends", async () => {
    const { certificatePem } = await issue(undefined);
    expect(
      thingsBoardCredentialsId(certificatePem.replaceAll("\n", "\r\n")),
    ).toBe(thingsBoardCredentialsId(certificatePem));
  });

  test("is not the fingerprint of the DER", async () => {
    const { certificatePem, fingerprintSha256 } = await issue(undefined);
    expect(thingsBoardCredentialsId(certificatePem)).not.toBe(
      fingerprintSha256,
    );
  });
});
