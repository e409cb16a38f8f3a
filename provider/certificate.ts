import { isDeepStrictEqual } from "node:util";
import { readIssuer } from "../pki/authority";
import type { IssuedCertificate } from "../pki/certificate";
import { issueCertificate } from "../pki/certificate";
import { verifyChain } from "../pki/chain";
import { keyIdentifier, readPublicKey } from "../pki/key";
import { alternativeNamesOf, checkOrder, profileOf } from "../pki/order";
import { InputError, formatProblem } from "../pki/problem";
import { leftOutOf, readRequest } from "../pki/request";
import { formatSubject } from "../pki/subject";
import type { Validity } from "../pki/validity";
import {
  canMove,
  formatDate,
  isInLastSixth,
  isSettled,
  renewalPoint,
} from "../pki/validity";
import type { LiveCertificates } from "../rotation/liveCertificates";
import {
  checkSigner,
  checkUnchangeable,
  hangsOnUnknown,
  problemsUnderIssuer,
  refuse,
  refuseOtherKey,
  withRequestedNames,
} from "./certificateChecks";
import type {
  CertificateInputs,
  CertificateOutputs,
} from "./certificateInputs";
import {
  certificateInputs,
  certificateOutputs,
  orderFields,
  orderSchema,
} from "./certificateInputs";
import {
  hasNewChain,
  keptLive,
  liveOf,
  rememberChain,
  rememberIssued,
} from "./certificateMemory";
import { attempt, checkResult } from "./checks";
import { now, signingTime } from "./clock";
import { inform } from "./engineLog";
import type { CustomResource, DiffResult } from "./resource";
import { nameOf } from "./resource";
import { refuseLostTrust } from "./liveCertificates";
import * as schema from "./schema";
import { readSigner, signerKeyIdentifier } from "./signer";
import type { Properties } from "./wire";
import { isUnknown } from "./wire";

/** `mqtt-pki:index:Certificate`: one certificate, self-signed or issued, renewed in place. */
export const certificate: CustomResource = {
  async check(_urn, oldInputs, news) {
    const parsed = schema.parse(certificateInputs, news);
    const { problems, unknown } = parsed;
    if (parsed.draft === undefined) {
      return checkResult(news, problems);
    }
    const draft = await withRequestedNames(parsed.draft);
    const found = [
      ...checkOrder(draft),
      ...(await checkSigner(draft, unknown, oldInputs === undefined)),
      ...checkUnchangeable(draft, oldInputs),
    ];
    // A new certificate must fit under its issuer today; an old one is looked at when it is issued anew.
    const said = new Set(found.map(({ path }) => path));
    const underIssuer =
      oldInputs === undefined
        ? attempt(() => {
            refuse(problemsUnderIssuer(draft, now()));
          })
        : [];
    const all = [
      ...found,
      ...underIssuer.filter(({ path }) => !said.has(path)),
    ];
    return checkResult(
      news,
      schema
        .knownProblems(unknown, all)
        .filter(({ path }) => !hangsOnUnknown(path, unknown)),
    );
  },

  async diff(_id, urn, olds, news): Promise<DiffResult> {
    const { value, unknown } = schema.parse(certificateInputs, news);
    const old = schema.parse(certificateOutputs, olds).value;
    if (value === undefined || old === undefined) {
      return { changes: true };
    }
    const inputs = await withRequestedNames(value);
    if (profileOf(inputs)?.ca !== profileOf(old)?.ca) {
      return { changes: true, replaces: ["profile"] };
    }
    const { knownGenerations: before = [] } = old;
    const live = liveOf(urn, old, inputs.signer);
    const acknowledged = await refuseLostTrust(
      urn,
      live,
      before,
      inputs.signer,
    );
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
      if (new Date(old.renewAt) <= now()) {
        await inform(
          urn,
          isSettled(new Date(old.notAfter), inputs)
            ? `ends on ${old.notAfter}, as the code says; write a later validity.notAfter`
            : `ends on ${old.notAfter} with its issuer; renew the issuer first`,
          "warning",
        );
      }
      return {
        changes:
          acknowledged ||
          !isDeepStrictEqual(old.renewal, inputs.renewal) ||
          hasNewChain(urn, old, inputs, unknown),
      };
    }
    return { changes: !(await isPostponed(urn, old, inputs)) || acknowledged };
  },

  async create(urn, inputs) {
    const outs = await issue(urn, await readInputs(inputs), []);
    return { id: outs.subjectKeyIdentifier, outs };
  },

  async update(_id, urn, olds, news) {
    const inputs = await readInputs(news);
    const old = schema.required(certificateOutputs, olds);
    const mustIssue =
      (await reasonToIssue(old, inputs, [])) !== undefined ||
      isDue(old, inputs);
    return {
      outs: mustIssue
        ? await issue(urn, inputs, keptLive(urn, old, inputs.signer))
        : {
            ...old,
            ...orderSchema.parse(inputs),
            renewAt: renewAt(urn, inputs, old),
            ...rememberChain(urn, old, inputs),
          },
    };
  },

  delete() {
    // A certificate lives on wherever it was handed to; there is nothing here to undo.
    return Promise.resolve();
  },
};

function readInputs(properties: Properties): Promise<CertificateInputs> {
  return withRequestedNames(schema.required(certificateInputs, properties));
}

/** Why a certificate must be issued anew, apart from its age; `undefined` where it need not. */
async function reasonToIssue(
  old: CertificateOutputs,
  inputs: CertificateInputs,
  unknown: readonly string[],
): Promise<string | undefined> {
  if (await hasOtherKey(old, inputs)) {
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
  if (inputs.requestPem === undefined) {
    return "its request is made anew";
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

async function hasOtherKey(
  old: CertificateOutputs,
  { requestPem, publicKeyPem }: CertificateInputs,
): Promise<boolean> {
  const publicKey =
    requestPem === undefined
      ? // A request that is made anew in this update may still be for the key of before.
        publicKeyPem && readPublicKey(publicKeyPem, "publicKeyPem")
      : (await readRequest(requestPem, "requestPem")).publicKey;
  return !publicKey || keyIdentifier(publicKey) !== old.subjectKeyIdentifier;
}

function issuerSubject(inputs: CertificateInputs): string {
  const nearest = inputs.signer.authorities?.[0];
  return formatSubject(nearest?.subject ?? inputs.subject);
}

function isDue(old: CertificateOutputs, inputs: CertificateInputs): boolean {
  const { signer } = inputs;
  // An end that the code names moves when the code does.
  if (
    isSettled(new Date(old.notAfter), inputs) ||
    new Date(old.renewAt) > now()
  ) {
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
  old: CertificateOutputs,
  inputs: CertificateInputs,
): Promise<boolean> {
  const problems = problemsUnderIssuer(inputs, now());
  if (problems.length === 0) {
    return false;
  }
  if (isInLastSixth(validityOf(old), now())) {
    throw new InputError(problems);
  }
  await inform(
    urn,
    `is due since ${old.renewAt} and waits: ${problems.map(formatProblem).join(" ")}`,
    "warning",
  );
  return true;
}

async function issue(
  urn: string,
  inputs: CertificateInputs,
  live: readonly LiveCertificates[],
): Promise<CertificateOutputs> {
  const at = signingTime(inputs.allowClockOverride);
  const order = orderSchema.parse(inputs);
  const request = await readRequest(inputs.requestPem ?? "", "requestPem");
  refuseOtherKey(request.key, order.key);
  const signer = await readSigner(inputs.signer, request.publicKey);
  refuse(problemsUnderIssuer(inputs, at));
  const issued = await issueCertificate(order, request, signer, at);
  verify(inputs, issued, at);
  const leftOut = leftOutOf(request, {
    ...alternativeNamesOf(order),
    subject: order.subject,
  });
  if (leftOut.length > 0) {
    await inform(
      urn,
      `leaves out what its request asked for: ${leftOut.join(", ")}`,
      "warning",
    );
  }
  return {
    ...order,
    leftOut,
    ...rememberIssued(urn, inputs, issued, live, at),
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

function validityOf(old: CertificateOutputs): Validity {
  return {
    notBefore: new Date(old.notBefore),
    notAfter: new Date(old.notAfter),
  };
}

function renewAt(
  urn: string,
  inputs: CertificateInputs,
  old: CertificateOutputs,
): string {
  return formatDate(renewalPoint(nameOf(urn), validityOf(old), inputs.renewal));
}

/** Nothing leaves that a strict client would refuse (I12). */
function verify(
  inputs: CertificateInputs,
  issued: IssuedCertificate,
  at: Date,
): void {
  const { chainPem = "", trustAnchorsPem } = inputs.signer;
  const { notBefore } = issued.validity;
  refuse(
    verifyChain(
      `${issued.certificatePem}${chainPem}`,
      trustAnchorsPem ?? issued.certificatePem,
      // One that begins later is looked at when it begins.
      notBefore > at ? notBefore : at,
      // Its issuers may have been adopted as they are; what it is itself was made here.
      { strict: false },
    ),
  );
}
