import type { ServiceError } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";

import { fromWire } from "../values";
import type { CreateResult } from "./provider";

const TYPE = "pulumirpc.ErrorResourceInitFailed";

/**
 * A plugin may fail and still have made the resource. It says so in the error's details;
 * losing them would lose the resource, so they become a result with reasons.
 */
export function initErrorOf(error: unknown): CreateResult | undefined {
  if (!(error instanceof Error) || error.cause === undefined) {
    return undefined;
  }
  const [details] = (error.cause as ServiceError).metadata.get(
    "grpc-status-details-bin",
  );
  if (!(details instanceof Buffer)) {
    return undefined;
  }
  for (const detail of Status.deserializeBinary(details).getDetailsList()) {
    const failed = detail.unpack(
      (bytes) => ErrorResourceInitFailed.deserializeBinary(bytes),
      TYPE,
    );
    if (failed !== null) {
      return {
        id: failed.getId(),
        outputs: fromWire(failed.getProperties()),
        initErrors: failed.getReasonsList(),
      };
    }
  }
  return undefined;
}
