import type { ResourceLifecycle } from "../plugins/provider";
import { CertRequest } from "./certRequest";
import { EquivalentProvider } from "./equivalent";
import { PrivateKey } from "./privateKey";

/** Stands in for the plugin of @pulumi/tls where that is not installed. */
export class TlsProvider extends EquivalentProvider {
  protected override readonly types = new Map<string, ResourceLifecycle>([
    ["tls:index/privateKey:PrivateKey", new PrivateKey()],
    ["tls:index/certRequest:CertRequest", new CertRequest()],
  ]);
}
