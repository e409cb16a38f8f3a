export * from "./batchOrder";
export * from "./brokerArgs";
export { BrokerConfiguration } from "./brokerConfiguration";
export * from "./certManagerIssuer";
export * from "./certManagerSecret";
export { ClusterTrustBundleVersion } from "./clusterTrustBundle";
export type { ClusterTrustBundleArgs } from "./clusterTrustBundle";
export * from "./deviceBatchJob";
export * from "./deviceCertificateBatch";
export * from "./deviceConnection";
export * from "./generationArgs";
export * from "./intermediateCA";
export * from "./issuer";
export {
  KubernetesTarget,
  TargetKind,
  WhenUnreachable,
} from "./kubernetesTarget";
export type { KubernetesTargetArgs } from "./kubernetesTarget";
export * from "./rootCA";
export * from "./serverCertificate";
export type { ServerSecretArgs } from "./serverSecret";
export * from "./thingsBoardArgs";
export * from "./thingsBoardMqtt";
export * from "./thingsBoardOnboarding";
export * from "./thingsBoardWorkload";
export * from "./thingsBoardWorkloadArgs";
export * from "./trustBundle";
export { WorkloadKind } from "./workloadRestart";
export type { RestartArgs, WorkloadArgs } from "./workloadRestart";
export { BrokerIdentity, BrokerKind, ReloadWay } from "../platforms/brokers";
export type { Reload, Reloads } from "../platforms/brokers";
export {
  ThingsBoardCredentials,
  ThingsBoardListener,
  ThingsBoardProduct,
} from "../platforms/thingsBoard/product";
export { CumulocityPort, DevicePlatform } from "../platforms/device";
export { patchedTemplate } from "../platforms/thingsBoard/patchedTemplate";
export {
  KeyFileAccess,
  ThingsBoardManifest,
  ThingsBoardRole,
} from "../platforms/thingsBoard/workloadShape";
export * from "../resources";
