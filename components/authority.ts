import * as pulumi from "@pulumi/pulumi";
import type {
  KeyArgs,
  NameConstraintsArgs,
  RenewalArgs,
  SubjectArgs,
} from "../resources";
import {
  Certificate,
  CertificateAuthority,
  GenerationState,
} from "../resources";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey, makeKeyAndRequest } from "./keyAndRequest";

/** The id of a CA's generation until the code names one. */
const FIRST_GENERATION = "1";

/** What a CA is to be, with every default filled in. */
export interface AuthorityPlan {
  readonly subject: pulumi.Input<SubjectArgs>;
  readonly key: pulumi.Input<KeyArgs> | undefined;
  readonly validityDays: pulumi.Input<number>;
  readonly pathLength: pulumi.Input<number> | undefined;
  readonly nameConstraints: pulumi.Input<NameConstraintsArgs> | undefined;
  readonly renewal: pulumi.Input<RenewalArgs> | undefined;
  readonly truncate?: pulumi.Input<boolean> | undefined;
  /** Left out for a root, which signs itself. */
  readonly issuer?: Issuer;
}

/** The resources of a CA. */
export interface AuthorityResources {
  /** PKCS#8 PEM, secret. */
  readonly privateKeyPem: pulumi.Output<string>;
  readonly certificate: Certificate;
  readonly ledger: CertificateAuthority;
  /** The plan as those below see it before the certificate exists. */
  readonly limits: {
    pathLength?: pulumi.Input<number>;
    nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  };
}

/** Makes a CA below its component: key, request, certificate, and the ledger of its generations. */
export function makeAuthority(
  name: string,
  plan: AuthorityPlan,
  opts: pulumi.CustomResourceOptions,
): AuthorityResources {
  const { subject, validityDays, issuer } = plan;
  const { pathLength, nameConstraints, renewal, truncate } = plan;
  const key = completeKey(plan.key);
  const limits = {
    ...(pathLength !== undefined && { pathLength }),
    ...(nameConstraints !== undefined && { nameConstraints }),
  };
  const { privateKeyPem, requestPem } = makeKeyAndRequest(
    name,
    subject,
    key,
    opts,
  );
  const certificate = new Certificate(
    `${name}-certificate`,
    {
      profile: issuer === undefined ? "root" : "intermediate",
      subject,
      key,
      requestPem,
      signer: issuer === undefined ? { privateKeyPem } : signerOf(issuer),
      validityDays,
      ...limits,
      ...(renewal !== undefined && { renewal }),
      ...(truncate !== undefined && { truncate }),
    },
    opts,
  );
  const ledger = new CertificateAuthority(
    `${name}-authority`,
    {
      generations: {
        [FIRST_GENERATION]: {
          state: GenerationState.Active,
          certificatePem: certificate.certificatePem,
        },
      },
      ...(issuer !== undefined && {
        issuerChainPem: issuer.chainPem,
        rootTrustAnchorsPem: issuer.trustAnchorsPem,
      }),
    },
    opts,
  );
  return { privateKeyPem, certificate, ledger, limits };
}
