import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  checkAgainstAuthorities,
  checkAgainstCertificate,
  readIssuer,
} from "../pki/authority";
import type { IssuedCertificate } from "../pki/certificate";
import { issueCertificate } from "../pki/certificate";
import { verifyChain } from "../pki/chain";
import { formatKeySpec, keyIdentifier } from "../pki/key";
import { checkOrder, profileOf } from "../pki/order";
import type { Problem } from "../pki/problem";
import { InputError, formatProblem, quote } from "../pki/problem";
import { readRequest } from "../pki/request";
import { formatSubject, sameSubject } from "../pki/subject";
import { canMove, formatDate, renewalPoint } from "../pki/validity";
import { attempt, attemptLater, checkResult } from "./checks";
import { now, signingTime } from "./clock";
import { inform } from "./engineLog";
import type { CustomResource, DiffResult } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import { readSigner, signerKeyIdentifier } from "./signer";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

const orderFields = {
  profile: z.string(),
  subject: schema.subject,
  key: schema.keySpec,
  validityDays: z.number(),
  pathLength: z.number().exactOptional(),
  nameConstraints: schema.nameConstraints.exactOptional(),
  dnsNames: schema.texts,
  ipAddresses: schema.texts,
  uris: schema.texts,
  renewal: schema.renewal.exactOptional(),
  truncate: z.boolean().exactOptional(),
};

/** Takes the order out of inputs and outputs alike. */
const orderSchema = z.object(orderFields);

const inputsSchema = z.strictObject({
  ...orderFields,
  requestPem: z.string().exactOptional(),
  signer: schema.signer,
  allowClockOverride: z.boolean().exactOptional(),
});

/** Signer's and requester's texts stay out of the outputs: a copy of the CA's key in every leaf is one too many. */
const outputsSchema = z.object({
  ...orderFields,
  certificatePem: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  renewAt: z.string(),
  subjectKeyIdentifier: z.string(),
  authorityKeyIdentifier: z.string(),
  issuerSubject: z.string(),
  serialNumber: z.string(),
  fingerprintSha256: z.string(),
});

type Inputs = z.infer<typeof inputsSchema>;
type Outputs = z.infer<typeof outputsSchema>;

/** `mqtt-pki:index:Certificate`: one certificate, self-signed or issued, renewed in place. */
export const certificate: CustomResource = {
  async check(_urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined) {
      return checkResult(news, problems);
    }
    const found = [
      ...checkOrder(draft),
      ...(await checkSigner(draft, unknown)),
      ...checkUnchangeable(draft, oldInputs),
      // A new certificate must fit under its issuer today; an old one is looked at when it is issued anew.
      ...(oldInputs === undefined
        ? attempt(() => {
            refuse(problemsUnderIssuer(draft, now()));
          })
        : []),
    ].filter(
      ({ path }) =>
        // Whether it may outlive its issuer hangs on this one.
        path !== "validityDays" || !isUnknown(unknown, "truncate"),
    );
    return checkResult(news, schema.knownProblems(unknown, found));
  },

  async diff(_id, urn, olds, news): Promise<DiffResult> {
    const { value: inputs, unknown } = schema.parse(inputsSchema, news);
    const old = schema.parse(outputsSchema, olds).value;
    if (inputs === undefined || old === undefined) {
      return { changes: true };
    }
    if (profileOf(inputs)?.ca !== profileOf(old)?.ca) {
      return { changes: true, replaces: ["profile"] };
    }
    const reason = await reasonToIssue(old, inputs, unknown);
    if (
      unknown.some((path) =>
        Object.hasOwn(orderFields, /^\w+/.exec(path)?.[0] ?? ""),
      )
    ) {
      return { changes: true };
    }
    if (reason !== undefined) {
      refuse(problemsUnderIssuer(inputs, now()));
      return { changes: true };
    }
    if (!isDue(old, inputs)) {
      return { changes: !isDeepStrictEqual(old.renewal, inputs.renewal) };
    }
    return { changes: !(await isPostponed(urn, old, inputs)) };
  },

  async create(urn, inputs) {
    const outs = await issue(urn, required(inputs));
    return { id: outs.subjectKeyIdentifier, outs };
  },

  async update(_id, urn, olds, news) {
    const inputs = required(news);
    const old = outputsSchema.parse(schema.parse(outputsSchema, olds).value);
    const mustIssue =
      (await reasonToIssue(old, inputs, [])) !== undefined ||
      isDue(old, inputs);
    return {
      outs: mustIssue
        ? await issue(urn, inputs)
        : {
            ...old,
            ...orderSchema.parse(inputs),
            renewAt: renewAt(urn, inputs, old),
          },
    };
  },

  delete() {
    // A certificate lives on wherever it was handed to; there is nothing here to undo.
    return Promise.resolve();
  },
};

function required(properties: Properties): Inputs {
  const { value, problems } = schema.parse(inputsSchema, properties);
  if (value === undefined) {
    throw new InputError(problems);
  }
  return value;
}

/** What the CAs above say, whether they exist already or not. */
async function checkSigner(
  inputs: Inputs,
  unknown: readonly string[],
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
    ...checkAgainstAuthorities(inputs, signer.authorities ?? []),
    ...(await attemptLater(() => checkPems(inputs, unknown))),
  );
  return problems;
}

/** Reads what of keys, requests and certificates is there already, so that a wrong one shows in the preview. */
async function checkPems(
  { requestPem, signer }: Inputs,
  unknown: readonly string[],
): Promise<void> {
  const request =
    requestPem === undefined
      ? undefined
      : await readRequest(requestPem, "requestPem");
  if (signer.certificatePem !== undefined) {
    readIssuer(signer.certificatePem, "signer.certificatePem");
  }
  const complete = !isUnknown(unknown, "signer") && request !== undefined;
  if (complete && signer.privateKeyPem !== undefined) {
    await readSigner(signer, request.publicKey);
  }
}

/** What the issuer's certificate does not allow, as far as that is known. */
function problemsUnderIssuer(inputs: Inputs, at: Date): Problem[] {
  const pem = inputs.signer.certificatePem;
  return pem === undefined
    ? []
    : checkAgainstCertificate(
        inputs,
        readIssuer(pem, "signer.certificatePem"),
        at,
      );
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) {
    throw new InputError(problems);
  }
}

/** A CA keeps its key and its name for life (I10, I11): everything below it depends on them. */
function checkUnchangeable(
  inputs: Inputs,
  oldInputs: Properties | undefined,
): Problem[] {
  const old = oldInputs && schema.parse(inputsSchema, oldInputs).value;
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

/** Why a certificate must be issued anew, apart from its age; `undefined` where it need not. */
async function reasonToIssue(
  old: Outputs,
  inputs: Inputs,
  unknown: readonly string[],
): Promise<string | undefined> {
  const keyChanged =
    inputs.requestPem === undefined ||
    keyIdentifier(
      (await readRequest(inputs.requestPem, "requestPem")).publicKey,
    ) !== old.subjectKeyIdentifier;
  if (keyChanged) {
    if (profileOf(inputs)?.ca === true) {
      throw new InputError([
        {
          path: "key",
          message:
            "the key of an active CA would change in place and cut off all that trusts it (I10); put a new CA beside this one.",
        },
      ]);
    }
    return "its key changed";
  }
  const { renewal: oldRenewal, ...oldOrder } = orderSchema.parse(old);
  const { renewal: newRenewal, ...newOrder } = orderSchema.parse(inputs);
  if (!isDeepStrictEqual(oldOrder, newOrder)) {
    return "its arguments changed";
  }
  if (
    isUnknown(unknown, "signer.privateKeyPem") ||
    signerKeyIdentifier(inputs.signer) !== old.authorityKeyIdentifier
  ) {
    return "its issuer's key changed";
  }
  return issuerSubject(inputs) === old.issuerSubject
    ? undefined
    : "its issuer's name changed";
}

function issuerSubject(inputs: Inputs): string {
  const nearest = inputs.signer.authorities?.[0];
  return formatSubject(nearest?.subject ?? inputs.subject);
}

function isDue(old: Outputs, { signer }: Inputs): boolean {
  if (new Date(old.renewAt) > now()) {
    return false;
  }
  const issuerNotAfter =
    signer.certificatePem === undefined
      ? undefined
      : readIssuer(signer.certificatePem, "signer.certificatePem").notAfter;
  return canMove(new Date(old.notAfter), issuerNotAfter);
}

/**
 * A certificate that is due but whose issuer ends too soon waits for the
 * issuer's own renewal, with a warning, and is refused only in the last sixth
 * of its life: an error in every update months before would help nobody.
 */
async function isPostponed(
  urn: string,
  old: Outputs,
  inputs: Inputs,
): Promise<boolean> {
  const problems = problemsUnderIssuer(inputs, now());
  if (problems.length === 0) {
    return false;
  }
  const end = new Date(old.notAfter).getTime();
  const life = end - new Date(old.notBefore).getTime();
  if (now().getTime() > end - life / 6) {
    throw new InputError(problems);
  }
  await inform(
    urn,
    `is due since ${old.renewAt} and waits: ${problems.map(formatProblem).join(" ")}`,
    "warning",
  );
  return true;
}

async function issue(urn: string, inputs: Inputs): Promise<Outputs> {
  const at = signingTime(inputs.allowClockOverride);
  const order = orderSchema.parse(inputs);
  const request = await readRequest(inputs.requestPem ?? "", "requestPem");
  if (formatKeySpec(request.key) !== formatKeySpec(order.key)) {
    throw new InputError([
      {
        path: "requestPem",
        message: `holds a key of ${formatKeySpec(request.key)} where key says ${formatKeySpec(order.key)}.`,
      },
    ]);
  }
  const signer = await readSigner(inputs.signer, request.publicKey);
  refuse(problemsUnderIssuer(inputs, at));
  const issued = await issueCertificate(order, request, signer, at);
  verify(inputs, issued, at);
  return {
    ...order,
    certificatePem: issued.certificatePem,
    serialNumber: issued.serialNumber,
    notBefore: formatDate(issued.validity.notBefore),
    notAfter: formatDate(issued.validity.notAfter),
    renewAt: formatDate(
      renewalPoint(nameOf(urn), issued.validity, order.renewal),
    ),
    fingerprintSha256: issued.fingerprintSha256,
    subjectKeyIdentifier: issued.subjectKeyIdentifier,
    authorityKeyIdentifier: signer.signingKey.keyIdentifier,
    issuerSubject: issuerSubject(inputs),
  };
}

function renewAt(urn: string, inputs: Inputs, old: Outputs): string {
  const validity = {
    notBefore: new Date(old.notBefore),
    notAfter: new Date(old.notAfter),
  };
  return formatDate(renewalPoint(nameOf(urn), validity, inputs.renewal));
}

/** Nothing leaves that a strict client would refuse (I12). */
function verify(inputs: Inputs, issued: IssuedCertificate, at: Date): void {
  const { chainPem = "", trustAnchorsPem } = inputs.signer;
  refuse(
    verifyChain(
      `${issued.certificatePem}${chainPem}`,
      trustAnchorsPem ?? issued.certificatePem,
      at,
    ),
  );
}
