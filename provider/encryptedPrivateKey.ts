import { z } from "zod";
import type { EncryptionOrder } from "../pki/encryptedKey";
import {
  EncryptedKeyForm,
  checkEncryption,
  encryptPrivateKey,
} from "../pki/encryptedKey";
import { checkResult } from "./checks";
import { inform } from "./engineLog";
import type { CustomResource, DiffResult } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import type { Properties } from "./wire";
import { isUnknown, secret } from "./wire";

/** What an `EncryptedPrivateKey` is asked for. */
const inputsSchema = z.strictObject({
  privateKeyPem: z.string(),
  passphrase: z.string(),
  form: z.string().exactOptional(),
});

/** Key and passphrase stay out of the outputs: the encrypted key is all that anybody reads. */
const outputsSchema = z.object({ encryptedPrivateKeyPem: z.string() });

/**
 * `mqtt-pki:index:EncryptedPrivateKey`: a private key under a passphrase. The
 * same inputs always give the same text, so whether something changes is
 * whether the text would: the same key in another form of PEM is no change.
 */
export const encryptedPrivateKey: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const found = schema.knownProblems(unknown, checkEncryption(draft));
    // A warning is for who writes the program, not for every update after.
    if (isGuessable(draft, unknown) && !wasGuessable(oldInputs)) {
      await inform(urn, GUESSABLE, "warning");
    }
    return checkResult(news, found);
  },

  diff(_id, _urn, olds, news): Promise<DiffResult> {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    const changes =
      inputs === undefined ||
      old === undefined ||
      unknown.length > 0 ||
      encryptPrivateKey(inputs) !== old.encryptedPrivateKeyPem;
    return Promise.resolve({ changes });
  },

  create(urn, inputs) {
    return Promise.resolve({ id: nameOf(urn), outs: outputs(inputs) });
  },

  update(_id, _urn, _olds, news) {
    return Promise.resolve({ outs: outputs(news) });
  },

  delete() {
    // The key lives on wherever it was handed to; there is nothing here to undo.
    return Promise.resolve();
  },
};

/** At a single round of MD5, what is shorter than this is found by trying. */
const SAFE_LENGTH = 16;
const GUESSABLE = `the form TRADITIONAL puts a single round of MD5 between passphrase and key; use ${SAFE_LENGTH} random characters at least, such as openssl rand -base64 24 makes them`;

function isGuessable(
  { form, passphrase }: EncryptionOrder,
  unknown: readonly string[],
): boolean {
  return (
    form === EncryptedKeyForm.Traditional &&
    !isUnknown(unknown, "passphrase") &&
    passphrase.length < SAFE_LENGTH
  );
}

function wasGuessable(inputs: Properties | undefined): boolean {
  const old = inputs && schema.parse(inputsSchema, inputs);
  return old?.draft !== undefined && isGuessable(old.draft, old.unknown);
}

function outputs(inputs: Properties): Properties {
  const order = schema.required(inputsSchema, inputs);
  return { encryptedPrivateKeyPem: secret(encryptPrivateKey(order)) };
}
