export * from "./deviceCertificateBatch";
export * from "./intermediateCA";
export * from "./issuer";
export { RootCA } from "./rootCA";
export type { RootCAArgs } from "./rootCA";
export * from "./serverCertificate";
export * from "./thingsBoardMqtt";
export * from "../resources";
