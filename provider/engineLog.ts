import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

let client: EngineClient | undefined;

/** Tells where the engine listens; without it, messages go to standard output. */
export function connectToEngine(address: string | undefined): void {
  if (address !== undefined) {
    client = new EngineClient(address, credentials.createInsecure());
  }
}

/** Tells the user something about a resource: a plan, a progress, a warning. */
export async function inform(
  urn: string,
  message: string,
  severity: "info" | "warning" = "info",
): Promise<void> {
  if (client === undefined) {
    console.log(message);
    return;
  }
  const engine = client;
  const request = new LogRequest();
  request.setSeverity(
    severity === "warning" ? LogSeverity.WARNING : LogSeverity.INFO,
  );
  request.setMessage(message);
  request.setUrn(urn);
  await new Promise<void>((resolve) => {
    // A message that does not arrive must not stop the work it is about.
    engine.log(request, () => {
      resolve();
    });
  });
}
