import type { CertificateReading } from "./reading";
import type {
  LoaderName,
  Refusal,
  ThingsBoardAnswer,
} from "./thingsBoardAnswer";
import {
  ThingsBoardLoader,
  answerOf,
  loaderNamed,
  fails,
} from "./thingsBoardAnswer";
import {
  certificateOf,
  checkChain,
  isCertificate,
  withoutCertificate,
} from "./thingsBoardChain";
import type { KeyOpening, LoadedKey } from "./thingsBoardKey";
import { isPair, keyOf } from "./thingsBoardKey";
import { checkPair } from "./thingsBoardPair";
import { hidesFirstBlock, pemBlocks } from "./thingsBoardPem";

export type { ThingsBoardAnswer } from "./thingsBoardAnswer";
export { ThingsBoardLoader } from "./thingsBoardAnswer";

/** The PEM files that ThingsBoard is given, as text. */
export interface ThingsBoardFiles {
  /** `MQTT_SSL_PEM_CERT` */
  readonly certFileText: string;
  /** `MQTT_SSL_PEM_KEY`; left out, the key must stand in the certificate file. */
  readonly keyFileText?: string;
  /** `MQTT_SSL_PEM_KEY_PASSWORD`; left out, the product's own default, which for MQTT is not empty. */
  readonly keyPassword?: string;
  /** Whose loader reads them, one of {@link ThingsBoardLoader}. Default `THINGSBOARD`. */
  readonly loader?: string;
}

/** What the variables are called, and what the password is where nobody sets it. */
const VARIABLES: Readonly<
  Record<LoaderName, { key: string; password: string; byDefault: string }>
> = {
  [ThingsBoardLoader.ThingsBoard]: {
    key: "MQTT_SSL_PEM_KEY",
    password: "MQTT_SSL_PEM_KEY_PASSWORD",
    byDefault: "server_key_password",
  },
  [ThingsBoardLoader.EdgeRpc]: {
    key: "EDGES_RPC_SSL_PRIVATE_KEY",
    password: "EDGES_RPC_SSL_KEY_PASSWORD",
    byDefault: "",
  },
  [ThingsBoardLoader.Tbmq]: {
    key: "LISTENER_SSL_PEM_KEY",
    password: "LISTENER_SSL_PEM_KEY_PASSWORD",
    byDefault: "server_key_password",
  },
};

/**
 * Would ThingsBoard start its MQTT over TLS with these files? Follows what it
 * does with them: it reads them with BouncyCastle, and puts key and chain into
 * a Java key store. Dates and trust are not looked at there, and so not here:
 * see `examineChain`. Each row was tried with Java 17 and 25; see
 * test/interop/thingsBoardLoader.test.ts.
 *
 * @throws InputError for a loader that is none
 * @example
 * ```ts
 * wouldThingsBoardStart({ certFileText: chainPem, keyFileText: keyPem }).message;
 * ```
 */
export function wouldThingsBoardStart(
  files: ThingsBoardFiles,
): ThingsBoardAnswer {
  const loader = loaderNamed(files.loader);
  const { key, password, byDefault } = VARIABLES[loader];
  const answer = withByteOrderMark(
    answerOf(() =>
      examine(files, {
        password: files.keyPassword ?? byDefault,
        keyVariable: key,
        passwordVariable: password,
        encryptedPkcs8: loader === ThingsBoardLoader.Tbmq,
        passedOver: [],
      }),
    ),
    files,
  );
  return loader === ThingsBoardLoader.Tbmq
    ? { ...answer, message: answer.message.replaceAll("ThingsBoard", "TBMQ") }
    : answer;
}

/** @returns the row of what is good */
function examine(files: ThingsBoardFiles, opening: KeyOpening): string {
  const certificates: CertificateReading[] = [];
  let found: LoadedKey | undefined;
  // To its end: of several keys the last one counts.
  for (const block of pemBlocks(files.certFileText, "certificate file")) {
    if (isCertificate(block)) {
      certificates.push(certificateOf(block, certificates.length + 1));
    } else {
      found = keyOf(block, opening) ?? found;
    }
  }
  found ??= keyInKeyFile(files.keyFileText ?? "", opening);
  const [leaf] = certificates;
  if (leaf === undefined) {
    throw fails("no certificate", withoutCertificate(files.certFileText));
  }
  if (found === undefined) {
    throw opening.passedOver[0] ?? withoutKey(files, opening);
  }
  checkChain(certificates);
  checkPair(found.key, leaf);
  return found.row;
}

/** The last key in PKCS#8, or the first in a traditional form. */
function keyInKeyFile(
  text: string,
  opening: KeyOpening,
): LoadedKey | undefined {
  let found: LoadedKey | undefined;
  for (const block of pemBlocks(text, "key file")) {
    found = keyOf(block, opening) ?? found;
    if (isPair(block)) {
      break;
    }
  }
  return found;
}

function withoutKey(
  { certFileText, keyFileText = "" }: ThingsBoardFiles,
  { keyVariable }: KeyOpening,
): Refusal {
  return `${certFileText}\n${keyFileText}`.includes(
    "BEGIN ENCRYPTED PRIVATE KEY",
  )
    ? fails(
        "encrypted PKCS#8",
        'The private key is encrypted as PKCS#8, which ThingsBoard skips without a word ("Unable to load private key", thingsboard/thingsboard issue 5570). Write it unencrypted with "openssl pkcs8 -topk8 -nocrypt", or encrypted in the traditional form with "openssl rsa -aes256 -traditional" or "openssl ec -aes256".',
      )
    : fails(
        "no key",
        `There is no private key, neither in the certificate file nor in the key file ("Unable to load private key"). Set ${keyVariable} to the file that holds it.`,
      );
}

/** A mark before the first block hides it; said instead of what follows from that. */
function withByteOrderMark(
  answer: ThingsBoardAnswer,
  { certFileText, keyFileText = "" }: ThingsBoardFiles,
): ThingsBoardAnswer {
  if (answer.ok) {
    return answer;
  }
  const [file] = [
    ...(hidesFirstBlock(certFileText) ? ["certificate file"] : []),
    ...(hidesFirstBlock(keyFileText) ? ["key file"] : []),
  ];
  return file === undefined
    ? answer
    : {
        ...answer,
        row: `byte order mark in the ${file}`,
        message: `The ${file} begins with a byte order mark, which hides its first block from ThingsBoard. Save it as UTF-8 without one. What follows from it: ${answer.message}`,
      };
}
