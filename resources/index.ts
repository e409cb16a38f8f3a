export * from "./certificate";
export * from "./certificateAuthority";
export * from "./deviceBatch";
export * from "./encryptedPrivateKey";
export * from "./existingAuthority";
export * from "./keystore";
export * from "./readDeviceBatch";
export * from "./types";
