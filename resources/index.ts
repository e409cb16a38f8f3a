export * from "./certificate";
export * from "./certificateAuthority";
export * from "./deviceBatch";
export * from "./readDeviceBatch";
export * from "./types";
