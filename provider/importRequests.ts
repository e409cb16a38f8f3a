import { ReadRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/**
 * Lets imports through. Pulumi's CLI asks for what is imported without any
 * properties, and the SDK's server (3.270) reads those without looking whether
 * they are there.
 */
export function takeImports(): void {
  const members = ReadRequest.prototype as {
    getProperties: () => Struct | undefined;
  };
  const given = members.getProperties;
  members.getProperties = function (): Struct {
    return given.call(this) ?? new Struct();
  };
}
