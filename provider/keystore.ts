import { createHash } from "node:crypto";
import {
  checkKeystore,
  combinedStoreWarning,
  makeKeystore,
} from "../pki/keystore/keystore";
import { checkResult } from "./checks";
import { inform } from "./engineLog";
import { keystoreInputs, keystoreOutputs } from "./keystoreInputs";
import type { CustomResource, DiffResult } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { keepSecrets, secret } from "./wire";

/**
 * `mqtt-pki:index:Keystore`: a PKCS#12 or JKS file for Java and its like. The
 * same inputs always give the same bytes, so whether something changes is
 * whether the bytes would: certificates in other words, or named twice, are
 * no change.
 */
export const keystore: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(keystoreInputs, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const found = schema.knownProblems(unknown, checkKeystore(draft, unknown));
    const warning = combinedStoreWarning(draft, unknown);
    // A warning is for who writes the program, not for every update after.
    if (warning !== undefined && !isCombined(oldInputs)) {
      await inform(urn, warning, "warning");
    }
    return checkResult(news, found);
  },

  diff(_id, _urn, olds, news): Promise<DiffResult> {
    const { value: inputs, unknown } = schema.parse(keystoreInputs, news);
    const old = schema.parse(keystoreOutputs, olds).value;
    const changes =
      inputs === undefined ||
      old === undefined ||
      unknown.length > 0 ||
      sha256(makeKeystore(inputs).content) !== old.sha256;
    return Promise.resolve({ changes });
  },

  create(urn, inputs) {
    return Promise.resolve({ id: nameOf(urn), outs: outputs(inputs) });
  },

  update(_id, _urn, _olds, news) {
    return Promise.resolve({ outs: outputs(news) });
  },

  delete() {
    // The file lives on wherever it was handed to; there is nothing here to undo.
    return Promise.resolve();
  },
};

function isCombined(inputs: Properties | undefined): boolean {
  const old = inputs && schema.parse(keystoreInputs, inputs);
  return (
    old?.draft !== undefined &&
    combinedStoreWarning(old.draft, old.unknown) !== undefined
  );
}

function outputs(inputs: Properties): Properties {
  const order = schema.required(keystoreInputs, inputs);
  const { content, aliases } = makeKeystore(order);
  const digest = sha256(content);
  return {
    contentBase64: secret(Buffer.from(content).toString("base64")),
    // A JKS store guards public content by one round of SHA-1: on its hash, too, a password could be tried quickly.
    sha256: order.format === "JKS" ? secret(digest) : digest,
    ...keepSecrets(
      { entries: aliases },
      { entries: [inputs.alias, inputs.trustAlias] },
    ),
  };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
