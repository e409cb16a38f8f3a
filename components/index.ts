export * from "./deviceCertificateBatch";
export * from "./generationArgs";
export * from "./intermediateCA";
export * from "./issuer";
export * from "./rootCA";
export * from "./serverCertificate";
export * from "./thingsBoardMqtt";
export * from "../resources";
