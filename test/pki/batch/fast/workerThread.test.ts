import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { textsOf } from "../../../../pki/batch/fast/shape";
import { buildTemplate } from "../../../../pki/batch/fast/template";
import { DEFAULT_NOW, order, root } from "../../support/authority";

const REPOSITORY = join(__dirname, "../../../..");
const FAST = join(REPOSITORY, "pki/batch/fast");

const PROGRAM = `
  const { parentPort, workerData } = require("node:worker_threads");
  const before = Object.keys(require.cache);
  const load = (name) => require(workerData.folder + "/" + name);
  const { CertificateWriter } = load("writer");
  const { deviceKeyMaker } = load("deviceKey");
  const { newSerialNumbers } = load("serialNumber");
  const { PemEncoder } = load("pemEncoder");
  load("shape");
  const keys = deviceKeyMaker({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  keys.next();
  const writer = new CertificateWriter(workerData.template, workerData.key);
  const der = writer.write(workerData.texts, keys.publicKey, newSerialNumbers(1));
  parentPort.postMessage({
    pem: new PemEncoder("CERTIFICATE").encode(der),
    loaded: Object.keys(require.cache).filter((file) => !before.includes(file)),
  });
`;

test("a worker thread writes certificates from what it was posted, and loads nothing but these files", async () => {
  const authority = await root();
  const template = await buildTemplate(order(), authority.signer, DEFAULT_NOW);
  const worker = new Worker(PROGRAM, {
    eval: true,
    execArgv: ["-r", join(REPOSITORY, "bin/register.cjs")],
    workerData: {
      folder: FAST,
      template,
      key: authority.key,
      texts: textsOf(order()),
    },
  });
  const [said] = (await once(worker, "message")) as [
    { pem: string; loaded: string[] },
  ];
  await worker.terminate();
  const certificate = new X509Certificate(said.pem);
  expect(certificate.subject).toBe("CN=thermometer-1");
  const issuer = new X509Certificate(authority.certificatePem);
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  // The compiler is loaded where nothing is cached yet, by the loader and not by these files.
  const loaded = said.loaded.filter((file) => !file.includes("/@swc/"));
  expect(loaded.sort()).toEqual(
    ["deviceKey", "pemEncoder", "serialNumber", "shape", "writer"].map((name) =>
      join(FAST, `${name}.ts`),
    ),
  );
});
