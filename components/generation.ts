import * as pulumi from "@pulumi/pulumi";
import type {
  AuthorityArgs,
  ExistingAuthorityArgs,
  ExtensionsArgs,
  KeyArgs,
  NameConstraintsArgs,
  RenewalArgs,
  SubjectArgs,
  ValidityArgs,
} from "../resources";
import { Certificate, ExistingAuthority } from "../resources";
import type { Issuer } from "./issuer";
import { signerOf } from "./issuer";
import { completeKey, makeKeyAndRequest } from "./keyAndRequest";
import { lifetimeOf } from "./validity";

/** What a CA of our own is to be; its certificate says all of it where it was made elsewhere. */
export interface AuthorityOrder {
  readonly subject?: pulumi.Input<SubjectArgs>;
  readonly key?: pulumi.Input<KeyArgs>;
  readonly validityDays?: pulumi.Input<number>;
  readonly validity?: pulumi.Input<ValidityArgs>;
  readonly extensions?: pulumi.Input<ExtensionsArgs>;
  readonly pathLength?: pulumi.Input<number>;
  readonly nameConstraints?: pulumi.Input<NameConstraintsArgs>;
  readonly renewal?: pulumi.Input<RenewalArgs>;
  readonly truncate?: pulumi.Input<boolean>;
}

/** What one generation of a CA is to be. */
export interface GenerationPlan {
  readonly order: AuthorityOrder;
  readonly existing: ExistingAuthorityArgs | undefined;
  /** How its key signs: the leaves below, and a root's own certificate. */
  readonly signatureScheme: pulumi.Input<string> | undefined;
  /** Left out for a root, which signs itself. */
  readonly issuer?: Issuer;
  /** What holds where the order does not say it. */
  readonly defaults: { readonly validityDays: number; pathLength?: number };
}

/** One generation: its key and its certificate. */
export interface GenerationResources {
  /** PKCS#8 PEM, secret; empty where the CA was adopted without its key. */
  readonly privateKeyPem: pulumi.Output<string>;
  readonly certificatePem: pulumi.Output<string>;
  /** SubjectPublicKeyInfo in PEM; left out where the CA was adopted. */
  readonly publicKeyPem?: pulumi.Output<string>;
  readonly fingerprintSha256: pulumi.Output<string>;
  readonly notAfter: pulumi.Output<string>;
  /** The CA as those below see it before the certificate exists. */
  readonly authority: pulumi.Input<AuthorityArgs>;
  /** What a link certificate is made from; left out where the CA was adopted. */
  readonly own?: {
    readonly subject: pulumi.Input<SubjectArgs>;
    readonly key: pulumi.Input<KeyArgs>;
    readonly requestPem: pulumi.Output<string>;
  };
}

/**
 * Makes the key and the certificate of one generation, or takes them over.
 *
 * @param component the CA, for messages
 */
export function makeGeneration(
  component: string,
  name: string,
  plan: GenerationPlan,
  opts: pulumi.CustomResourceOptions,
): GenerationResources {
  const { existing, order } = plan;
  if (existing !== undefined) {
    refuseGiven(component, order);
    return adopt(name, existing, plan.issuer, opts);
  }
  if (order.subject === undefined) {
    throw new pulumi.RunError(
      `${component}: subject: is missing; name the CA that is to be made, or give one made elsewhere as existing.`,
    );
  }
  return make(name, { ...plan, subject: order.subject }, opts);
}

function refuseGiven(component: string, order: AuthorityOrder): void {
  const given = Object.entries(order).flatMap(([path, value]) =>
    value === undefined ? [] : [path],
  );
  if (given.length > 0) {
    throw new pulumi.RunError(
      given
        .map(
          (path) =>
            `${component}: ${path}: stands in existing.certificatePem already, which nothing here changes; leave it out.`,
        )
        .join("\n"),
    );
  }
}

/** Key, request, certificate. */
function make(
  name: string,
  {
    order,
    defaults,
    issuer,
    signatureScheme,
    subject,
  }: GenerationPlan & { readonly subject: pulumi.Input<SubjectArgs> },
  opts: pulumi.CustomResourceOptions,
): GenerationResources {
  const { nameConstraints, renewal, truncate, extensions } = order;
  const { validityDays } = defaults;
  const lifetime = lifetimeOf(order, { validityDays });
  const pathLength = order.pathLength ?? defaults.pathLength;
  const key = completeKey(order.key);
  const limits = {
    ...(pathLength !== undefined && { pathLength }),
    ...(nameConstraints !== undefined && { nameConstraints }),
  };
  const { privateKeyPem, requestPem, publicKeyPem } = makeKeyAndRequest(
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
      publicKeyPem,
      signer:
        issuer === undefined
          ? {
              privateKeyPem,
              ...(signatureScheme !== undefined && { signatureScheme }),
            }
          : signerOf(issuer),
      ...lifetime,
      ...limits,
      ...(extensions !== undefined && { extensions }),
      ...(renewal !== undefined && { renewal }),
      ...(truncate !== undefined && { truncate }),
    },
    opts,
  );
  const { certificatePem, fingerprintSha256, notAfter } = certificate;
  return {
    privateKeyPem,
    certificatePem,
    publicKeyPem,
    fingerprintSha256,
    notAfter,
    authority: { subject, ...lifetime, ...limits },
    own: { subject, key, requestPem },
  };
}

/** A CA made elsewhere: its certificate and its key are what they are. */
function adopt(
  name: string,
  args: ExistingAuthorityArgs,
  issuer: Issuer | undefined,
  opts: pulumi.CustomResourceOptions,
): GenerationResources {
  return new ExistingAuthority(
    `${name}-existing`,
    {
      existing: args,
      ...(issuer !== undefined && {
        issuer: {
          certificatePem: issuer.certificatePem,
          chainPem: issuer.chainPem,
          trustAnchorsPem: issuer.trustAnchorsPem,
        },
      }),
    },
    opts,
  );
}
