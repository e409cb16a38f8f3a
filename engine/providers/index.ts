import type { Provider } from "../plugins/provider";
import { BuiltinProvider, type StackOutputs } from "./builtin";
import { EquivalentProvider } from "./equivalent";
import { KubernetesProvider } from "./kubernetes/provider";
import { TlsProvider } from "./tls";

/** What this engine has for a package without a plugin; for most, nothing but keeping what is there. */
export function equivalentProvider(
  packageName: string,
  programDirectory: string,
  stackOutputs: StackOutputs,
): Provider {
  switch (packageName) {
    case "pulumi":
      return new BuiltinProvider(stackOutputs);
    case "tls":
      return new TlsProvider();
    case "kubernetes":
      return new KubernetesProvider(programDirectory);
    default:
      return new EquivalentProvider();
  }
}
