import { TrustBundle } from "../../components";
import { digest } from "../support/rendered";
import { Recorder, valueOf } from "./support/record";

jest.setTimeout(20_000);

const ROOTS = "one root\nanother root\n";

test("a bundle's digest stands on its ConfigMap, and is what restarts the pods of a broker that never rereads it", async () => {
  const recorder = await Recorder.install();
  const bundle = new TrustBundle("device-roots", {
    authority: { trustAnchorsPem: ROOTS },
    namespace: "mosquitto",
    configMapName: "device-roots",
  });
  const annotations = { "mqtt-pki/bundle-sha256": digest(ROOTS) };
  expect(await valueOf(bundle.podAnnotations)).toEqual(annotations);
  expect(await valueOf(bundle.bundleSha256)).toBe(digest(ROOTS));
  expect(await valueOf(bundle.configMapName)).toBe("device-roots");
  expect(recorder.get("device-roots-bundle").inputs).toMatchObject({
    metadata: { namespace: "mosquitto", name: "device-roots", annotations },
    data: { "ca-bundle.pem": ROOTS },
  });
});
