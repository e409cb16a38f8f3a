import { credentials, status } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { providerPackage, urnName, urnType } from "../urn";
import {
  canonicalJson,
  dereference,
  fromWire,
  isSecret,
  mapValues,
  type PropertyMap,
  revealAll,
  secret,
  toWire,
} from "../values";
import { type Call, call, PluginError } from "./call";
import { initErrorOf } from "./initError";
import type {
  ChangedResource,
  CheckResult,
  ConfigChange,
  CreateResult,
  DiffResult,
  ExistingResource,
  InvokeResult,
  Provider,
  ProviderConfig,
  ReadRequest,
  ReadResult,
  ResourceRequest,
} from "./provider";
import { checkResult, diffResult, failuresOf } from "./responses";

const MAX_MESSAGE = 400 * 1024 * 1024;
const NO_CHANGE_KNOWN: DiffResult = {
  changes: "unknown",
  replaces: [],
  changedKeys: [],
  deleteBeforeReplace: false,
};

interface Named {
  setUrn(value: string): unknown;
  setName(value: string): unknown;
  setType(value: string): unknown;
}

/** A provider in a process of its own, spoken to over gRPC. */
export class PluginProvider implements Provider {
  private readonly client: ResourceProviderClient;
  private acceptsSecrets = false;
  private acceptsResources = false;
  private supportsPreview = false;

  constructor(address: string) {
    this.client = new ResourceProviderClient(
      address,
      credentials.createInsecure(),
      {
        "grpc.max_receive_message_length": MAX_MESSAGE,
        "grpc.max_send_message_length": MAX_MESSAGE,
      },
    );
  }

  close(): void {
    this.client.close();
  }

  async checkConfig(change: ConfigChange): Promise<CheckResult> {
    const request = named(new pb.CheckRequest(), change.urn)
      .setOlds(toWire(change.olds))
      .setNews(toWire(change.news));
    const response = await this.optional<pb.CheckRequest, pb.CheckResponse>(
      (r, done) => this.client.checkConfig(r, done),
      request,
    );
    return response === undefined
      ? { inputs: change.news, failures: [] }
      : checkResult(response, change.news);
  }

  async diffConfig(change: ConfigChange): Promise<DiffResult> {
    const olds = toWire(change.olds);
    const request = named(new pb.DiffRequest(), change.urn)
      .setOlds(olds)
      .setOldInputs(olds)
      .setNews(toWire(change.news));
    const response = await this.optional<pb.DiffRequest, pb.DiffResponse>(
      (r, done) => this.client.diffConfig(r, done),
      request,
    ).catch((error: unknown) => {
      if (isUnparsedKubeconfig(error)) {
        return undefined;
      }
      throw error;
    });
    return response === undefined ? NO_CHANGE_KNOWN : diffResult(response);
  }

  async configure({ urn, id, inputs }: ProviderConfig): Promise<void> {
    const { __internal: _, ...args } = inputs;
    const request = named(new pb.ConfigureRequest(), urn)
      .setId(id)
      .setArgs(toWire(args))
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setSendsOldInputs(true)
      .setSendsOldInputsToDelete(true);
    const variables = request.getVariablesMap();
    for (const [key, value] of Object.entries(args)) {
      const open = revealAll(value);
      const text = typeof open === "string" ? open : canonicalJson(open);
      variables.set(
        `${providerPackage(urnType(urn)) ?? ""}:config:${key}`,
        text,
      );
    }
    const response = await call<pb.ConfigureRequest, pb.ConfigureResponse>(
      (r, done) => this.client.configure(r, done),
      request,
    );
    this.acceptsSecrets = response.getAcceptsecrets();
    this.acceptsResources = response.getAcceptresources();
    this.supportsPreview = response.getSupportspreview();
  }

  async check(
    request: ResourceRequest & { olds: PropertyMap; news: PropertyMap },
  ): Promise<CheckResult> {
    const message = named(new pb.CheckRequest(), request.urn)
      .setOlds(this.send(request.olds))
      .setNews(this.send(request.news));
    const response = await call<pb.CheckRequest, pb.CheckResponse>(
      (r, done) => this.client.check(r, done),
      message,
    );
    const { inputs, failures } = checkResult(response, request.news);
    return { inputs: this.keepSecrets(inputs, request.news), failures };
  }

  async diff(request: ChangedResource): Promise<DiffResult> {
    const message = named(new pb.DiffRequest(), request.urn)
      .setId(request.id)
      .setOlds(this.send(request.oldOutputs))
      .setOldInputs(this.send(request.oldInputs))
      .setNews(this.send(request.newInputs))
      .setIgnorechangesList(request.ignoreChanges);
    return diffResult(
      await call<pb.DiffRequest, pb.DiffResponse>(
        (r, done) => this.client.diff(r, done),
        message,
      ),
    );
  }

  async create(
    request: ResourceRequest & { inputs: PropertyMap },
  ): Promise<CreateResult> {
    if (request.preview && !this.supportsPreview) {
      return { id: "", outputs: request.inputs, initErrors: [] };
    }
    const message = named(new pb.CreateRequest(), request.urn)
      .setProperties(this.send(request.inputs))
      .setTimeout(request.timeout)
      .setPreview(request.preview);
    return this.result(request.inputs, async () => {
      const response = await call<pb.CreateRequest, pb.CreateResponse>(
        (r, done) => this.client.create(r, done),
        message,
      );
      return {
        id: response.getId(),
        outputs: fromWire(response.getProperties()),
        initErrors: [],
      };
    });
  }

  async update(request: ChangedResource): Promise<Omit<CreateResult, "id">> {
    if (request.preview && !this.supportsPreview) {
      return { outputs: request.newInputs, initErrors: [] };
    }
    const message = named(new pb.UpdateRequest(), request.urn)
      .setId(request.id)
      .setOlds(this.send(request.oldOutputs))
      .setOldInputs(this.send(request.oldInputs))
      .setNews(this.send(request.newInputs))
      .setTimeout(request.timeout)
      .setPreview(request.preview)
      .setIgnorechangesList(request.ignoreChanges);
    return this.result(request.newInputs, async () => {
      const response = await call<pb.UpdateRequest, pb.UpdateResponse>(
        (r, done) => this.client.update(r, done),
        message,
      );
      return {
        id: request.id,
        outputs: fromWire(response.getProperties()),
        initErrors: [],
      };
    });
  }

  async delete(request: ExistingResource): Promise<void> {
    const message = named(new pb.DeleteRequest(), request.urn)
      .setId(request.id)
      .setProperties(this.send(request.oldOutputs))
      .setOldInputs(this.send(request.oldInputs))
      .setTimeout(request.timeout);
    await call<pb.DeleteRequest, unknown>(
      (r, done) => this.client.delete(r, done),
      message,
    );
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const message = named(new pb.ReadRequest(), request.urn)
      .setId(request.id)
      .setProperties(this.send(request.oldOutputs))
      .setInputs(this.send(request.oldInputs));
    let inputs: PropertyMap | undefined;
    const result = await this.result(request.oldOutputs, async () => {
      const response = await call<pb.ReadRequest, pb.ReadResponse>(
        (r, done) => this.client.read(r, done),
        message,
      );
      if (response.hasInputs()) {
        inputs = this.keepSecrets(
          fromWire(response.getInputs()),
          request.oldInputs,
        );
      }
      return {
        id: response.getId(),
        outputs: fromWire(response.getProperties()),
        initErrors: [],
      };
    });
    return { ...result, inputs };
  }

  async invoke(
    token: string,
    args: PropertyMap,
    preview: boolean,
  ): Promise<InvokeResult> {
    const message = new pb.InvokeRequest()
      .setTok(token)
      .setArgs(this.send(args))
      .setPreview(preview);
    const response = await call<pb.InvokeRequest, pb.InvokeResponse>(
      (r, done) => this.client.invoke(r, done),
      message,
    );
    return {
      outputs: fromWire(response.getReturn()),
      failures: failuresOf(response),
    };
  }

  /** The result of making or changing a resource; one that exists but is not ready has a result too. */
  private async result(
    inputs: PropertyMap,
    action: () => Promise<CreateResult>,
  ): Promise<CreateResult> {
    let result: CreateResult;
    try {
      result = await action();
    } catch (error) {
      const partial = initErrorOf(error);
      if (partial === undefined) {
        throw error;
      }
      result = partial;
    }
    return { ...result, outputs: this.keepSecrets(result.outputs, inputs) };
  }

  private send(properties: PropertyMap): ReturnType<typeof toWire> {
    const known = this.acceptsResources
      ? properties
      : mapValues(properties, dereference);
    return toWire(this.acceptsSecrets ? known : mapValues(known, revealAll));
  }

  /** A plugin that cannot read secrets cannot answer with them; what was secret on the way in stays so by name. */
  private keepSecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
    if (this.acceptsSecrets) {
      return outputs;
    }
    return Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [
        key,
        isSecret(inputs[key]) ? secret(value) : value,
      ]),
    );
  }

  private async optional<Request, Response>(
    method: Call<Request, Response>,
    request: Request,
  ): Promise<Response | undefined> {
    try {
      return await call(method, request);
    } catch (error) {
      if (
        error instanceof PluginError &&
        error.cause.code === status.UNIMPLEMENTED
      ) {
        return undefined;
      }
      throw error;
    }
  }
}

/** Says in a request which resource it is about. */
function named<Message extends Named>(message: Message, urn: string): Message {
  message.setUrn(urn);
  message.setName(urnName(urn));
  message.setType(urnType(urn));
  return message;
}

/**
 * The Kubernetes plugin cannot compare configurations whose kubeconfig is a
 * path. Like the Pulumi CLI, take that for a change of unknown extent.
 */
function isUnparsedKubeconfig(error: unknown): boolean {
  return (
    error instanceof PluginError &&
    error.message.includes("failed to parse kubeconfig")
  );
}
