import * as pulumi from "@pulumi/pulumi";

/** On every object this package makes. */
export const LABELS = { "app.kubernetes.io/managed-by": "mqtt-pki" };

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN =
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Where an object goes. */
export interface ObjectName {
  readonly namespace: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
}

/** The property paths under which a user gave namespace and name. */
export interface ObjectPaths {
  readonly component: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Passes namespace and name on where Kubernetes takes them. Where it would
 * not, the preview fails with all that is wrong, and no object is made.
 *
 * @param reserved names that belong to others, each with what to write instead
 * @param others names of the component's other objects of the same kind
 */
export function checkedName(
  namespace: pulumi.Input<string>,
  name: pulumi.Input<string>,
  paths: ObjectPaths,
  reserved?: (name: string) => string | undefined,
  others: readonly pulumi.Input<string>[] = [],
): ObjectName {
  const checked = pulumi
    .all([namespace, name, pulumi.all([...others])])
    .apply(([givenNamespace, givenName, otherNames]) => {
      refuse(paths.component, [
        ...namespaceProblems(givenNamespace, paths.namespace),
        ...nameProblems(givenName, paths.name),
        ...(otherNames.includes(givenName)
          ? [
              `${paths.name}: ${JSON.stringify(givenName)} is the name of another object of this component; choose one of its own.`,
            ]
          : []),
        ...[reserved?.(givenName)].flatMap((message) =>
          message === undefined ? [] : [`${paths.name}: ${message}`],
        ),
      ]);
      return { namespace: givenNamespace, name: givenName };
    });
  return { namespace: checked.namespace, name: checked.name };
}

/**
 * Ends the program with a user's mistakes, all of them, each below the component's name.
 *
 * @throws RunError where there are any
 */
export function refuse(component: string, problems: readonly string[]): void {
  if (problems.length > 0) {
    throw new pulumi.RunError(
      problems.map((text) => `${component}: ${text}`).join("\n"),
    );
  }
}

/** Why a namespace cannot have this name. */
export function namespaceProblems(namespace: string, path: string): string[] {
  return LABEL.test(namespace)
    ? []
    : [
        `${path}: ${JSON.stringify(namespace)} is no name of a namespace; use a-z 0-9 and -, 1 to 63 characters, a letter or digit at both ends.`,
      ];
}

/** Why an object cannot have this name. */
export function nameProblems(name: string, path: string): string[] {
  return SUBDOMAIN.test(name) && name.length <= 253
    ? []
    : [
        `${path}: ${JSON.stringify(name)} is no name of a Kubernetes object; use a-z 0-9 - and ., 1 to 253 characters, a letter or digit at both ends.`,
      ];
}

/** Text as a Secret's `data` wants it; a secret whatever it was. */
export function secretData(
  entries: Record<string, pulumi.Input<string>>,
): pulumi.Output<Record<string, string>> {
  return pulumi.secret(
    pulumi
      .output(entries)
      .apply((texts) =>
        Object.fromEntries(
          Object.entries(texts).map(([key, text]) => [
            key,
            Buffer.from(text).toString("base64"),
          ]),
        ),
      ),
  );
}
