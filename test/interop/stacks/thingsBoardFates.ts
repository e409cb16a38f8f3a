import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ThingsBoardFiles } from "../../../pki/examine/thingsBoard";
import { DEFAULT_PASSWORD } from "../../pki/examine/support/thingsBoardMaterial";
import { Fate } from "../../pki/examine/support/thingsBoardRow";
import type { ThingsBoardLoader } from "./thingsBoardLoader";
import { TLS_VERSIONS, shakeHandsQuickly } from "./thingsBoardLoader";

/** What becomes of files with our loader: of their start, and of handshakes. */
export class ThingsBoardFates {
  /** @param folder for the files that are loaded, one after the other */
  constructor(
    private readonly loader: ThingsBoardLoader,
    private readonly folder: string,
  ) {}

  /** The port at which PEM files are served, or why they are not. */
  load(
    product: string,
    { certFileText, keyFileText, keyPassword }: ThingsBoardFiles,
  ): Promise<number | string> {
    const [certFile, keyFile] = ["loaded.pem", "loaded.key"].map((name) =>
      join(this.folder, name),
    ) as [string, string];
    writeFileSync(certFile, certFileText);
    writeFileSync(keyFile, keyFileText ?? "");
    return this.loader.pem(
      product,
      certFile,
      keyFileText === undefined ? "" : keyFile,
      keyPassword ?? DEFAULT_PASSWORD,
    );
  }

  /** A member of `Fate`, by Java. */
  async of(product: string, files: ThingsBoardFiles): Promise<string> {
    return this.at(await this.load(product, files));
  }

  /** What becomes of who connects at a port, with each version of TLS; it is closed then. */
  async at(port: number | string): Promise<string> {
    if (typeof port === "string") {
      return Fate.Refused;
    }
    const greetings = await Promise.all(
      TLS_VERSIONS.map((version) => shakeHandsQuickly(port, version)),
    );
    await this.loader.stop(port);
    const met = greetings.map((greeting) => typeof greeting !== "string");
    return met.every(Boolean)
      ? Fate.Serves
      : met.some(Boolean)
        ? `serves ${TLS_VERSIONS.filter((_, index) => met[index]).join()} only`
        : Fate.Starts;
  }
}
