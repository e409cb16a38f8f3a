export { completeConnection, connectionProblems } from "./connection";
export type { Connection, ConnectionOrder } from "./connection";
export { connectionFiles, deviceFiles, deviceSecretFiles } from "./files";
export { PasswordVariable, TRUST_STORE_FILE } from "./java";
export { CumulocityPort, DevicePlatform } from "./platform";
