export * from "./batchOrder";
export * from "./certManagerIssuer";
export * from "./certManagerSecret";
export { ClusterTrustBundleVersion } from "./clusterTrustBundle";
export type { ClusterTrustBundleArgs } from "./clusterTrustBundle";
export * from "./deviceBatchJob";
export * from "./deviceCertificateBatch";
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
export * from "./thingsBoardMqtt";
export * from "./trustBundle";
export { WorkloadKind } from "./workloadRestart";
export type { RestartArgs, WorkloadArgs } from "./workloadRestart";
export * from "../resources";
