import { canonicalQuantity } from "../../../engine/providers/kubernetes/cluster/quantity";
import { Redaction } from "../../../engine/providers/kubernetes/cluster/redaction";
import { secret } from "../../../engine/values";

test.each([
  ["1024Mi", "1Gi"],
  ["0.5Gi", "512Mi"],
  ["1.5Gi", "1536Mi"],
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1500m", "1500m"],
  ["100M", "100M"],
  ["1000k", "1M"],
  ["0", "0"],
  ["0Gi", "0"],
  ["1e3", "1e3"],
  ["much", "much"],
])("the quantity %s is written %s", (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

const pem =
  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIKoXBAPnDBEwSEq\n-----END EC PRIVATE KEY-----\n";

test.each([
  ["as it is", pem],
  ["line by line", "at MHcCAQEEIKoXBAPnDBEwSEq"],
  ["quoted", JSON.stringify(pem)],
  ["in base64", Buffer.from(pem).toString("base64")],
])("a text does not quote a Secret's value %s", (_, text) => {
  const data = { key: Buffer.from(pem).toString("base64") };
  const redaction = new Redaction({ kind: "Secret", data: secret(data) });
  const shown = redaction.apply(`it was ${text}.`);
  expect(shown).toContain("[secret]");
  expect(shown).not.toContain("MHcCAQEEIKoXBAPnDBEwSEq");
  expect(shown).not.toContain(data.key);
});

test("a text quotes what is no secret", () => {
  const redaction = new Redaction({ kind: "ConfigMap", data: { a: "shown" } });
  expect(redaction.apply("it was shown")).toBe("it was shown");
});
