import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { CheckFailure } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { Stopped } from "../deploy/activity";
import type { Deployment, Registered } from "../deploy/deployment";
import { type Goal, goalOf } from "../deploy/goal";
import { type ReadGoal, readGoalOf } from "../deploy/reads";
import { EngineError, inOwnWords, messageOf, outOfScope } from "../errors";
import type { Diagnostic, Severity } from "../show/events";
import type { ProgramConfig } from "../stack/config";
import { fromWire, toWire } from "../values";
import { OpenCalls } from "./openCalls";

const MAX_MESSAGE = 400 * 1024 * 1024;
const Feature = resource.ResourceMonitorFeature;

/** What this engine can do of what a program may ask for, under the names of both ways of asking. */
const FEATURES = new Map([
  ["secrets", Feature.RESOURCE_MONITOR_FEATURE_SECRETS],
  ["resourceReferences", Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES],
  ["outputValues", Feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES],
  ["aliasSpecs", Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS],
  ["deletedWith", Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH],
  ["replacementTrigger", Feature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER],
  ["invokeDependsOn", Feature.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON],
]);

/** What the server tells programs about the stack. */
export interface StackInfo {
  project: string;
  stack: string;
  config: ProgramConfig;
}

/** The two services a program and its plugins talk to, on one loopback port. */
export class EngineServer {
  /** The calls of the program. */
  readonly calls = new OpenCalls();
  private readonly server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    "grpc.max_send_message_length": MAX_MESSAGE,
  });
  private deployment: Promise<Deployment>;
  private arrive: (deployment: Deployment) => void = () => undefined;

  constructor(
    private readonly info: StackInfo,
    private readonly log: (diagnostic: Diagnostic) => void,
  ) {
    this.deployment = new Promise((resolve) => {
      this.arrive = resolve;
    });
    this.server.addService(
      ResourceMonitorService,
      this.calls.counted(this.monitor()),
    );
    this.server.addService(EngineService, this.engine());
  }

  /** Starts listening and returns the address. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(
        "127.0.0.1:0",
        ServerCredentials.createInsecure(),
        (error, port) => {
          if (error === null) {
            resolve(`127.0.0.1:${port}`);
          } else {
            reject(error);
          }
        },
      );
    });
  }

  /** Sends what programs register to this deployment from now on. Programs started before wait for the first one. */
  serve(deployment: Deployment): void {
    this.arrive(deployment);
    this.deployment = Promise.resolve(deployment);
  }

  close(): void {
    this.server.forceShutdown();
  }

  private monitor(): UntypedServiceImplementation {
    const refuse = (what: string): handleUnaryCall<unknown, never> =>
      unary(() => Promise.reject(outOfScope(what)));
    return {
      supportsFeature: unary((request: resource.SupportsFeatureRequest) => {
        const response = new resource.SupportsFeatureResponse();
        response.setHassupport(FEATURES.has(request.getId()));
        return Promise.resolve(response);
      }),
      getDeploymentInfo: unary(async () =>
        this.deploymentInfo(await this.deployment),
      ),
      registerResource: unary((request: resource.RegisterResourceRequest) =>
        this.registerResource(request),
      ),
      registerResourceOutputs: unary(
        async (request: resource.RegisterResourceOutputsRequest) => {
          const deployment = await this.deployment;
          await deployment.registerOutputs(
            request.getUrn(),
            fromWire(request.getOutputs()),
          );
          return new Empty();
        },
      ),
      invoke: unary((request: resource.ResourceInvokeRequest) =>
        this.invoke(request),
      ),
      signalAndWaitForShutdown: unary(() => Promise.resolve(new Empty())),
      call: refuse("A method of a component (Call)"),
      readResource: unary((request: resource.ReadResourceRequest) =>
        this.readResource(request),
      ),
      existsResource: refuse(
        "Asking whether a resource exists (ExistsResource)",
      ),
      registerPackage: refuse("A parameterized provider (RegisterPackage)"),
      registerStackTransform: refuse("A stack transform"),
      registerStackInvokeTransform: refuse("An invoke transform"),
      registerResourceHook: refuse("A resource hook"),
      registerErrorHook: refuse("An error hook"),
    };
  }

  private engine(): UntypedServiceImplementation {
    return {
      log: unary((request: engine.LogRequest) => {
        this.log({
          severity: severityOf(request.getSeverity()),
          urn: request.getUrn(),
          message: inOwnWords(request.getMessage()),
          ...(request.getEphemeral() ? { passing: true } : {}),
        });
        return Promise.resolve(new Empty());
      }),
      getRootResource: unary(async () => {
        const response = new engine.GetRootResourceResponse();
        response.setUrn((await this.deployment).stackUrn);
        return response;
      }),
      // The root is the stack's own resource, which the engine sees registered.
      setRootResource: unary(() =>
        Promise.resolve(new engine.SetRootResourceResponse()),
      ),
      startDebugging: unary(() => Promise.resolve(new Empty())),
      requirePulumiVersion: unary(
        (request: engine.RequirePulumiVersionRequest) =>
          Promise.reject(
            outOfScope(
              `requirePulumiVersion("${request.getPulumiVersionRange()}")`,
            ),
          ),
      ),
    };
  }

  private async registerResource(
    request: resource.RegisterResourceRequest,
  ): Promise<resource.RegisterResourceResponse> {
    const deployment = await this.deployment;
    let goal: Goal;
    try {
      goal = goalOf(request);
    } catch (error) {
      return registration(deployment.refuse(identityOf(request), error));
    }
    const registered = await deployment.register(goal);
    if (registered.lost === true && !request.getSupportsresultreporting()) {
      throw new EngineError("resource registration failed");
    }
    return registration(registered);
  }

  private async readResource(
    request: resource.ReadResourceRequest,
  ): Promise<resource.ReadResourceResponse> {
    const deployment = await this.deployment;
    let wanted: ReadGoal;
    try {
      wanted = readGoalOf(request);
    } catch (error) {
      deployment.refuse(identityOf(request), error);
      return new resource.ReadResourceResponse();
    }
    const { urn, outputs, lost } = await deployment.read(wanted);
    if (lost === true) {
      throw new EngineError("resource read failed");
    }
    return new resource.ReadResourceResponse()
      .setUrn(urn)
      .setProperties(toWire(outputs));
  }

  private async invoke(
    request: resource.ResourceInvokeRequest,
  ): Promise<resource.ResourceInvokeResponse> {
    const response = new resource.ResourceInvokeResponse();
    const deployment = await this.deployment;
    const result = await deployment.invoke(
      request.getTok(),
      fromWire(request.getArgs()),
      {
        provider: request.getProvider(),
        version: request.getVersion() || undefined,
        dependsOn: request.getDependsonList(),
      },
    );
    if (result === undefined) {
      response.setUnknown(true);
      return response;
    }
    response.setReturn(toWire(result.outputs));
    response.setFailuresList(
      result.failures.map((failure) => {
        const message = new CheckFailure();
        message.setProperty(failure.property);
        message.setReason(failure.reason);
        return message;
      }),
    );
    return response;
  }

  private deploymentInfo(deployment: Deployment): resource.DeploymentInfo {
    const { project, stack, config } = this.info;
    const response = new resource.DeploymentInfo();
    response.setProject(project);
    response.setStack(stack);
    response.setOrganization("organization");
    response.setDryrun(deployment.preview);
    response.setConfigsecretkeysList(config.secretKeys);
    const map = response.getConfigMap();
    for (const [key, value] of Object.entries(config.values)) {
      map.set(key, value);
    }
    response.setSupportedfeaturesList([...FEATURES.values()]);
    return response;
  }
}

function identityOf(
  request: resource.RegisterResourceRequest | resource.ReadResourceRequest,
): Pick<Goal, "type" | "name" | "parent"> {
  return {
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
  };
}

function registration(
  registered: Registered,
): resource.RegisterResourceResponse {
  const response = new resource.RegisterResourceResponse();
  response.setUrn(registered.urn);
  response.setId(registered.id);
  response.setObject(toWire(registered.outputs));
  const { SUCCESS, FAIL } = resource.Result;
  // The protocol tells what was skipped from what failed; the SDK does not, and neither do its declarations.
  response.setResult(registered.lost === true ? FAIL : SUCCESS);
  response.setUnknown(registered.leftOut === true);
  return response;
}

/** A gRPC handler from a promise. An update that is stopping answers as a server that has gone: programs then end quietly. */
function unary<Request, Response>(
  handle: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answer = async (): Promise<Response> => handle(call.request);
    answer().then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        callback(serviceError(error));
      },
    );
  };
}

function serviceError(error: unknown): ServiceError {
  const message = messageOf(error);
  const code =
    error instanceof Stopped
      ? status.UNAVAILABLE
      : error instanceof EngineError
        ? status.FAILED_PRECONDITION
        : status.UNKNOWN;
  return Object.assign(new Error(message), {
    code,
    details: message,
    metadata: new Metadata(),
  });
}

function severityOf(severity: engine.LogSeverity): Severity {
  switch (severity) {
    case engine.LogSeverity.DEBUG:
      return "debug";
    case engine.LogSeverity.INFO:
      return "info";
    case engine.LogSeverity.WARNING:
      return "warning";
    case engine.LogSeverity.ERROR:
      return "error";
  }
}
