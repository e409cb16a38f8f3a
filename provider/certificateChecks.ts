import { isDeepStrictEqual } from "node:util";
import { foldAlternativeName } from "../pki/alternativeNames";
import {
  checkAgainstAuthorities,
  checkAgainstCertificate,
  readIssuer,
} from "../pki/authority";
import type { KeySpec } from "../pki/key";
import { checkKeySpec, formatKeySpec, readPublicKey } from "../pki/key";
import { profileOf } from "../pki/order";
import type { Problem } from "../pki/problem";
import { InputError, quote } from "../pki/problem";
import { readRequest } from "../pki/request";
import { formatSubject, sameSubject } from "../pki/subject";
import { checkEnd } from "../pki/validity";
import type { CertificateInputs } from "./certificateInputs";
import { certificateInputs } from "./certificateInputs";
import { attempt, attemptLater } from "./checks";
import { now } from "./clock";
import * as schema from "./schema";
import {
  checkSignerRules,
  checkSigningPolicyOf,
  knownAuthorities,
  missingKey,
  readSigner,
} from "./signer";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

const NAMES = [
  "dnsNames",
  "ipAddresses",
  "uris",
  "emailAddresses",
  "otherNames",
  "subject.commonName",
  "requestPem",
];

/** What cannot be judged while something else is not known, by the beginning of its path. */
const HANGS_ON: Readonly<Record<string, readonly string[]>> = {
  validityDays: ["truncate", "signer.authorities", "validity"],
  "validity.notAfter": ["truncate", "signer.authorities"],
  "renewal.beforeDays": ["validityDays", "validity"],
  // That there are none at all is said of this list as a whole.
  dnsNames: NAMES,
  profile: ["signer.certificatePem"],
};

/** Whether a problem on this path may go away once something else is known. */
export function hangsOnUnknown(
  path: string,
  unknown: readonly string[],
): boolean {
  return (HANGS_ON[path] ?? []).some((other) => isUnknown(unknown, other));
}

/** What the CAs above say, whether they exist already or not. */
export async function checkSigner(
  inputs: CertificateInputs,
  unknown: readonly string[],
  isNew: boolean,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const { signer } = inputs;
  for (const path of ["requestPem", "signer.privateKeyPem"]) {
    const value =
      path === "requestPem" ? inputs.requestPem : signer.privateKeyPem;
    if (value === undefined && !isUnknown(unknown, path)) {
      problems.push({ path, message: "is missing." });
    }
  }
  problems.push(...missingKey(signer));
  const selfSigned =
    signer.certificatePem === undefined &&
    !isUnknown(unknown, "signer.certificatePem");
  if (selfSigned !== (inputs.profile === "root")) {
    problems.push({
      path: "signer.certificatePem",
      message: selfSigned
        ? `is missing; only profile "root" signs itself.`
        : `is not for profile "root", which signs itself; leave it out.`,
    });
  }
  problems.push(
    ...attempt(() => {
      refuse([
        ...checkAgainstAuthorities(
          inputs,
          knownAuthorities(signer, unknown),
          isNew ? now() : undefined,
        ),
        ...checkSignerRules(signer, unknown),
        ...checkSigningPolicyOf(inputs.subject, signer, unknown),
      ]);
    }),
    ...(await attemptLater(() => checkPems(inputs, unknown))),
  );
  return problems;
}

/** Reads what of keys, requests and certificates is there already, so that a wrong one shows in the preview. */
async function checkPems(
  { requestPem, publicKeyPem, signer, key, profile }: CertificateInputs,
  unknown: readonly string[],
): Promise<void> {
  const request =
    requestPem === undefined
      ? undefined
      : await readRequest(requestPem, "requestPem");
  if (signer.certificatePem !== undefined) {
    readIssuer(signer.certificatePem, "signer.certificatePem");
  }
  const publicKey =
    publicKeyPem === undefined || isUnknown(unknown, "publicKeyPem")
      ? undefined
      : readPublicKey(publicKeyPem, "publicKeyPem");
  if (request !== undefined && publicKey?.equals(request.publicKey) === false) {
    throw new InputError([
      {
        path: "publicKeyPem",
        message:
          "is not the key of requestPem; give the key the request was made with.",
      },
    ]);
  }
  const comparable =
    checkKeySpec(key).length === 0 && !isUnknown(unknown, "key");
  if (request !== undefined && comparable) {
    refuseOtherKey(request.key, key);
  }
  const selfSigned = signer.certificatePem === undefined;
  if (
    request !== undefined &&
    signer.privateKeyPem !== undefined &&
    !isUnknown(unknown, "signer") &&
    selfSigned === (profile === "root")
  ) {
    await readSigner(signer, request.publicKey);
  }
}

/**
 * The inputs with the names of the request among them, where they are to be
 * taken. A request that cannot be read is reported elsewhere.
 */
export async function withRequestedNames(
  inputs: CertificateInputs,
): Promise<CertificateInputs> {
  const { requestPem, namesFromRequest } = inputs;
  if (requestPem === undefined || namesFromRequest !== true) {
    return inputs;
  }
  const request = await readRequest(requestPem, "requestPem").catch(
    () => undefined,
  );
  const merge = (
    list: "dnsNames" | "ipAddresses" | "uris" | "emailAddresses",
  ): string[] => {
    const own = inputs[list] ?? [];
    const known = own.map(foldAlternativeName);
    const asked = (request?.names[list] ?? []).filter(
      (name) => !known.includes(foldAlternativeName(name)),
    );
    return [...own, ...asked];
  };
  return {
    ...inputs,
    dnsNames: merge("dnsNames"),
    ipAddresses: merge("ipAddresses"),
    uris: merge("uris"),
    emailAddresses: merge("emailAddresses"),
  };
}

export function refuseOtherKey(requested: KeySpec, ordered: KeySpec): void {
  if (formatKeySpec(requested) !== formatKeySpec(ordered)) {
    throw new InputError([
      {
        path: "requestPem",
        message: `holds a key of ${formatKeySpec(requested)} where key says ${formatKeySpec(ordered)}.`,
      },
    ]);
  }
}

/** What the issuer's certificate does not allow, as far as that is known. */
export function problemsUnderIssuer(
  inputs: CertificateInputs,
  at: Date,
): Problem[] {
  const pem = inputs.signer.certificatePem;
  return [
    ...checkEnd(inputs, at),
    ...(pem === undefined
      ? []
      : checkAgainstCertificate(
          inputs,
          readIssuer(pem, "signer.certificatePem"),
          at,
        )),
  ];
}

export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}

/** A CA keeps its key and its name for life (I10, I11): everything below it depends on them. */
export function checkUnchangeable(
  inputs: CertificateInputs,
  oldInputs: Properties | undefined,
): Problem[] {
  const old = oldInputs && schema.parse(certificateInputs, oldInputs).value;
  if (!old || profileOf(old)?.ca !== true) {
    return [];
  }
  const problems: Problem[] = [];
  if (old.profile !== inputs.profile) {
    problems.push({
      path: "profile",
      message: `${quote(inputs.profile)} would make something else of an active CA, a ${quote(old.profile)} until now, and cut off all that trusts it (I10); put a new resource beside this one.`,
    });
  }
  if (!isDeepStrictEqual(old.key, inputs.key)) {
    problems.push({
      path: "key",
      message: `${quote(formatKeySpec(inputs.key))} would change the key of an active CA in place, from ${quote(formatKeySpec(old.key))}, and cut off all that trusts it (I10); put a new CA beside this one.`,
    });
  }
  if (!sameSubject(old.subject, inputs.subject)) {
    problems.push({
      path: "subject",
      message: `${quote(formatSubject(inputs.subject))} would rename a CA in place, from ${quote(formatSubject(old.subject))}, and break every chain below it (I11); put a new CA beside this one.`,
    });
  }
  return problems;
}
