import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type {
  AdoptedBelow,
  AdoptedCertificate,
} from "../pki/existingAuthority";
import {
  examineAdoption,
  formatFinding,
  openAdoptedKey,
  readAdoptedCertificate,
} from "../pki/existingAuthority";
import type { Problem } from "../pki/problem";
import { quote } from "../pki/problem";
import { formatSubject } from "../pki/subject";
import { renewalPoint } from "../pki/validity";
import { attempt, checkResult } from "./checks";
import { now } from "./clock";
import { inform } from "./engineLog";
import type { CustomResource } from "./resource";
import { nameOf } from "./resource";
import * as schema from "./schema";
import { isUnknown, secret } from "./wire";

const inputsSchema = z.strictObject({
  existing: z.strictObject({
    certificatePem: z.string(),
    privateKeyPem: z.string().exactOptional(),
    passphrase: z.string().exactOptional(),
  }),
  /** For an intermediate: the CA that signed it. */
  issuer: z
    .strictObject({
      certificatePem: z.string(),
      chainPem: z.string(),
      trustAnchorsPem: z.string(),
    })
    .exactOptional(),
});

/** What `check` makes of the inputs, and what becomes the outputs. */
const adoptedSchema = z.object({
  certificatePem: z.string(),
  privateKeyPem: z.string(),
  authority: schema.signer.shape.authorities.unwrap().element,
  fingerprintSha256: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  subjectKeyIdentifier: z.string(),
});

type Adopted = z.infer<typeof adoptedSchema>;

/**
 * `mqtt-pki:index:ExistingAuthority`: a CA made elsewhere, taken over as it
 * is. `check` answers with everything that certificate and key say, so that the
 * first preview can check what hangs below the CA; neither the passphrase nor
 * the encrypted key gets into the state.
 */
export const existingAuthority: CustomResource = {
  async check(urn, oldInputs, news) {
    const { draft, problems, unknown } = schema.parse(inputsSchema, news);
    if (draft === undefined || isUnknown(unknown, "existing.certificatePem")) {
      return checkResult(news, problems);
    }
    const found = [...problems];
    let certificate: AdoptedCertificate | undefined;
    found.push(
      ...attempt(() => {
        certificate = readAdoptedCertificate(draft.existing.certificatePem);
      }),
    );
    if (certificate === undefined) {
      return checkResult(news, found);
    }
    const old = oldInputs && schema.parse(adoptedSchema, oldInputs).value;
    found.push(...checkUnchangeable(certificate, old));
    // A CA that has been taken over is not refused for what its age has done to it since; below it, things are.
    if (
      old?.certificatePem !== certificate.certificatePem &&
      !isUnknown(unknown, "issuer.certificatePem")
    ) {
      const above = aboveOf(draft.issuer, unknown);
      found.push(...(await examine(urn, certificate, above)));
    }
    const { privateKeyPem = "", passphrase } = draft.existing;
    const keyUnknown = ["existing.privateKeyPem", "existing.passphrase"].some(
      (path) => isUnknown(unknown, path),
    );
    let key = "";
    if (!keyUnknown && privateKeyPem !== "") {
      const { certificatePem } = certificate;
      found.push(
        ...attempt(() => {
          key = openAdoptedKey(privateKeyPem, passphrase, certificatePem);
        }),
      );
    }
    return checkResult(
      {
        ...certificate,
        ...(!keyUnknown && { privateKeyPem: secret(key) }),
      },
      found,
    );
  },

  async diff(_id, urn, olds, news) {
    const { value: inputs } = schema.parse(adoptedSchema, news);
    const { value: old } = schema.parse(adoptedSchema, olds);
    if (inputs === undefined || old === undefined) {
      return { changes: true };
    }
    await remindOfEnd(urn, inputs);
    return { changes: !isDeepStrictEqual(inputs, old) };
  },

  create(_urn, inputs) {
    const outs = schema.required(adoptedSchema, inputs);
    return Promise.resolve({ id: outs.subjectKeyIdentifier, outs });
  },

  update(_id, _urn, _olds, news) {
    return Promise.resolve({ outs: schema.required(adoptedSchema, news) });
  },

  delete() {
    // The CA lives on wherever it came from; there is nothing here to undo.
    return Promise.resolve();
  },
};

function aboveOf(
  issuer: z.infer<typeof inputsSchema>["issuer"],
  unknown: readonly string[],
): AdoptedBelow | undefined {
  if (issuer === undefined) {
    return undefined;
  }
  const { certificatePem, chainPem, trustAnchorsPem } = issuer;
  return {
    issuerCertificatePem: certificatePem,
    ...(!isUnknown(unknown, "issuer") && {
      path: { chainPem, trustAnchorsPem },
    }),
  };
}

/** Why the CA cannot be taken over; what else there is to say of it goes to the user as warnings. */
async function examine(
  urn: string,
  { certificatePem }: AdoptedCertificate,
  above: AdoptedBelow | undefined,
): Promise<readonly Problem[]> {
  const { problems, warnings } = examineAdoption(certificatePem, above, now());
  for (const finding of warnings) {
    await inform(
      urn,
      formatFinding(finding),
      finding.fatalFor.length > 0 ? "warning" : "info",
    );
  }
  return problems;
}

/** An adopted CA may be renewed where it was made; another key or name would be another CA (I10, I11). */
function checkUnchangeable(
  certificate: AdoptedCertificate,
  old: Adopted | undefined,
): Problem[] {
  if (old === undefined) {
    return [];
  }
  const path = "existing.certificatePem";
  const problems: Problem[] = [];
  if (certificate.subjectKeyIdentifier !== old.subjectKeyIdentifier) {
    problems.push({
      path,
      message:
        "has another key than the certificate before it, which would cut off all that trusts this CA (I10); put a new CA beside this one.",
    });
  }
  const before = formatSubject(old.authority.subject);
  const after = formatSubject(certificate.authority.subject);
  if (before !== after) {
    problems.push({
      path,
      message: `is for ${quote(after)} and was for ${quote(before)}, which would break every chain below it (I11); put a new CA beside this one.`,
    });
  }
  return problems;
}

/** Nothing here renews it, so somebody must be told in time. */
async function remindOfEnd(
  urn: string,
  { notBefore, notAfter, certificatePem }: Adopted,
): Promise<void> {
  const validity = {
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
  };
  const at = now();
  if (renewalPoint(nameOf(urn), validity) > at) {
    return;
  }
  const { subject } = readAdoptedCertificate(certificatePem).authority;
  await inform(
    urn,
    `${quote(formatSubject(subject))} ${at > validity.notAfter ? "ended" : "ends"} on ${notAfter}, and is renewed where it was made: issue it anew there with the same key and name, and give the new certificate as existing.certificatePem`,
    "warning",
  );
}
