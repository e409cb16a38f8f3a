import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { JKS_MAGIC, readJks } from "../keystore/readJks";
import { readPkcs12 } from "../keystore/readPkcs12";
import type { StoreContent, StoredKey } from "../keystore/readStore";
import { StoreError } from "../keystore/readStore";
import { quote } from "../problem";
import type { ThingsBoardAnswer } from "./thingsBoardAnswer";
import {
  Refusal,
  ThingsBoardLoader,
  answerOf,
  deaf,
  fails,
  loaderNamed,
} from "./thingsBoardAnswer";
import { certificateOf } from "./thingsBoardChain";
import { checkPair } from "./thingsBoardPair";

/** The key store that ThingsBoard is given, and how it opens it. */
export interface ThingsBoardKeystoreFiles {
  /** `MQTT_SSL_KEY_STORE`: PKCS#12 or JKS; Java opens either, whatever type is configured. */
  readonly content: Uint8Array;
  /** `MQTT_SSL_KEY_STORE_PASSWORD`; left out, ThingsBoard's own default. */
  readonly keystorePassword?: string;
  /** `MQTT_SSL_KEY_PASSWORD`; left out, ThingsBoard's own default. */
  readonly keyPassword?: string;
  /** `MQTT_SSL_KEY_ALIAS`; left out or empty, the first private key. */
  readonly keyAlias?: string;
  /** One of {@link ThingsBoardLoader}. Default `THINGSBOARD`. */
  readonly loader?: string;
}

const DEFAULT_STORE_PASSWORD = "server_ks_password";
const DEFAULT_KEY_PASSWORD = "server_key_password";

/**
 * Would ThingsBoard start its MQTT over TLS with this key store? As
 * {@link wouldThingsBoardStart}, for the credentials type `KEYSTORE`. Java
 * looks at no order of certificates here: it finds the chain by names.
 *
 * @throws InputError for a loader that is none
 * @example
 * ```ts
 * wouldThingsBoardStartWithKeystore({ content, keystorePassword, keyPassword: keystorePassword }).message;
 * ```
 */
export function wouldThingsBoardStartWithKeystore(
  files: ThingsBoardKeystoreFiles,
): ThingsBoardAnswer {
  const tbmq = loaderNamed(files.loader) === ThingsBoardLoader.Tbmq;
  const answer = answerOf(() => examine(files, tbmq ? "LISTENER" : "MQTT"));
  return tbmq
    ? { ...answer, message: answer.message.replaceAll("ThingsBoard", "TBMQ") }
    : answer;
}

function examine(files: ThingsBoardKeystoreFiles, prefix: string): string {
  if (files.loader === ThingsBoardLoader.EdgeRpc) {
    throw fails(
      "key store for Edge",
      "The connections of ThingsBoard Edge (EDGES_RPC_SSL_*) take PEM files only. Give certFileText and keyFileText.",
    );
  }
  const content = Buffer.from(files.content);
  const { keystorePassword = DEFAULT_STORE_PASSWORD } = files;
  const { keyPassword = DEFAULT_KEY_PASSWORD, keyAlias = "" } = files;
  const isJks = content.length > 4 && content.readUInt32BE(0) === JKS_MAGIC;
  const store = opened(content, keystorePassword, isJks, prefix);
  const { key, stored } = chosen(store, keyPassword, keyAlias, prefix);
  const [leaf] = stored.chain.map((der, index) =>
    certificateOf({ der }, index + 1),
  );
  if (leaf === undefined) {
    throw withoutKey();
  }
  checkPair(key, leaf);
  checkOthers(store, keyPassword);
  return isJks ? "JKS key store" : "PKCS#12 key store";
}

function opened(
  content: Buffer,
  password: string,
  isJks: boolean,
  prefix: string,
): StoreContent {
  try {
    return isJks ? readJks(content, password) : readPkcs12(content, password);
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    throw error.password
      ? fails(
          "key store, wrong password",
          `The password does not open the key store ("keystore password was incorrect"). Set ${prefix}_SSL_KEY_STORE_PASSWORD to the right one.`,
        )
      : fails(
          "unreadable key store",
          `The key store cannot be read: ${error.message}. Make it anew, as PKCS#12; a binary file goes into the data of a Secret, not into a ConfigMap.`,
        );
  }
}

function chosen(
  { keys, trusted }: StoreContent,
  password: string,
  alias: string,
  prefix: string,
): { key: KeyObject; stored: StoredKey } {
  const named = keys.filter((one) => one.alias === alias.toLowerCase());
  if (keys.length === 0) {
    throw withoutKey();
  }
  if (alias !== "" && named.length === 0) {
    const known = keys.map((one) => quote(one.alias)).join(", ");
    throw fails(
      "key store without the alias",
      `The key store holds no private key ${quote(alias)}${trusted.includes(alias.toLowerCase()) ? ", only a trusted certificate of that name" : ""}. Set ${prefix}_SSL_KEY_ALIAS to ${known}, or leave it out.`,
    );
  }
  for (const stored of alias === "" ? keys : named) {
    const key = openKey(stored, password);
    if (key !== undefined) {
      return { key, stored };
    }
  }
  throw fails(
    "key store, wrong password of the key",
    `The key store opens, and its private key does not ("Failed to get private key"). Set ${prefix}_SSL_KEY_PASSWORD to the key's password, which in PKCS#12 is the store's own.`,
  );
}

function withoutKey(): Refusal {
  return fails(
    "key store without private key",
    'The key store holds no private key with its certificate ("Failed to get private key"). Put both in, such as with "openssl pkcs12 -export".',
  );
}

function openKey({ open }: StoredKey, password: string): KeyObject | undefined {
  try {
    return createPrivateKey({
      key: open(password),
      format: "der",
      type: "pkcs8",
    });
  } catch {
    return undefined;
  }
}

/** Java's key managers open every key of a store, and then serve whichever fits the client. */
function checkOthers({ keys }: StoreContent, password: string): void {
  if (keys.some((one) => openKey(one, password) === undefined)) {
    throw deaf(
      "key store with a key of another password",
      "the key store holds another private key as well, whose password is another one, and Java opens them all. Take it out.",
    );
  }
  if (keys.length > 1) {
    throw new Refusal({
      ok: false,
      starts: true,
      row: "key store with several keys",
      message:
        "The key store holds several private keys: ThingsBoard looks at one at its start, and Java serves whichever it finds first for a client. Leave one.",
    });
  }
}
