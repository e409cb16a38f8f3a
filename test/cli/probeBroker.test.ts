import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportPkcs8 } from "../../pki/key";
import { scratchFolder } from "../pki/support/openssl";
import { Broker } from "../support/broker";
import { describeWith, findProgram } from "../support/command";
import type { Phase, ProbedStack } from "./support/probedStack";
import {
  bundleOf,
  chainOf,
  deviceOptions,
  makeStack,
  runProbe,
  writeState,
} from "./support/probedStack";
import type { Run } from "./support/run";

describeWith(
  { name: "mosquitto", path: findProgram("mosquitto") },
  "apt-get install mosquitto",
  "a mosquitto through a rotation",
  (program) => {
    const folder = scratchFolder();
    const files = {
      chain: join(folder, "chain.pem"),
      key: join(folder, "key.pem"),
      deviceRoot: join(folder, "device-roots.pem"),
    };
    let stack: ProbedStack;
    let broker: Broker;

    beforeAll(async () => {
      stack = await makeStack();
      writeFileSync(files.key, exportPkcs8(stack.servers[1].key), {
        mode: 0o600,
      });
      writeFileSync(files.chain, chainOf(stack, 1, 0));
      writeFileSync(files.deviceRoot, stack.deviceRoots[0].certificatePem);
      broker = await Broker.start(program, folder, files);
    });

    afterAll(() => broker.stop());

    function probe(server: Phase, device: Phase): Promise<Run> {
      return runProbe(
        `mqtts://127.0.0.1:${broker.port}`,
        ...["--servername", "localhost", "--timeout", "30"],
        ...deviceOptions(folder, "old", stack.devices[0]),
        ...deviceOptions(folder, "new", stack.devices[1]),
        ...["--state", writeState(folder, stack, { server, device })],
      );
    }

    test("the chain of before is behind until SIGHUP, the device root until a restart", async () => {
      const before = await probe("activated", "activated");
      expect(before).toMatchObject({ code: 1, error: "" });
      expect(before.out).toContain("3 findings:\n");
      expect(before.out).toContain("under another chain than the state has");
      expect(before.out).toContain("below 2026a of server-root (retiring)");
      expect(before.out).toMatch(
        /refuses \S+new\.pem, below 2027a of device-root \(active\) \(unknown_ca\)/,
      );
      expect(before.out).toMatch(
        /device-root 2026a \(retiring\): accepted, device-root 2027a: refused +BEHIND$/m,
      );

      writeFileSync(files.chain, chainOf(stack, 1, 1));
      writeFileSync(files.deviceRoot, bundleOf(stack.deviceRoots, "activated"));
      await broker.reload();
      const signalled = await probe("activated", "activated");
      expect(signalled).toMatchObject({ code: 1, error: "" });
      expect(signalled.out).toContain("1 finding:\n");
      expect(signalled.out).toContain("; up to date");
      expect(signalled.out).toContain(
        "does it read its CA file only when it starts?",
      );

      await broker.restart();
      const restarted = await probe("activated", "activated");
      expect(restarted).toMatchObject({ code: 0, error: "" });
      expect(restarted.out).toMatch(
        /device-root 2026a \(retiring\): accepted, device-root 2027a: accepted +ok$/m,
      );
    });

    test("the old device root, retired, is trusted until a restart", async () => {
      writeFileSync(files.chain, chainOf(stack, 1, 1));
      writeFileSync(files.deviceRoot, bundleOf(stack.deviceRoots, "activated"));
      await broker.restart();
      writeFileSync(files.deviceRoot, bundleOf(stack.deviceRoots, "retired"));
      await broker.reload();
      const signalled = await probe("activated", "retired");
      expect(signalled.code).toBe(1);
      expect(signalled.out).toMatch(
        /accepts \S+old\.pem, below 2026a of device-root \(retired\), which the bundle of the state refuses/,
      );
      await broker.restart();
      expect(await probe("activated", "retired")).toMatchObject({ code: 0 });
    });

    test("leaves no device connected under its own name, and no key in the log", async () => {
      const from = broker.position;
      await probe("activated", "retired");
      const said = await broker.waitFor(
        /Received DISCONNECT from probe[0-9a-f]{16}/,
        from,
      );
      expect(said).toMatch(/as probe[0-9a-f]{16} \(p2, c1, k30, u'/);
      expect(said).not.toContain("PRIVATE KEY");
    });
  },
);
